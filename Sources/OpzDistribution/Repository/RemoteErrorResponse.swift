import OpzHTTP
import OpzIO
import OpzJSON

/// Converts an error response of a remote registry to a `DistributionError` (distribution-spec 1.1, "Error Codes").
enum RemoteErrorResponse {
  private struct Document: Decodable {
    struct Item: Decodable {
      var code: String?
      var message: String?
      var detail: Detail?
    }
    /// "unstructured data about the error" (distribution-spec 1.1): only a text is for people.
    struct Detail: Decodable {
      let text: String?

      init(from decoder: any Decoder) throws {
        text = try? decoder.singleValueContainer().decode(String.self)
      }
    }
    var errors: [Item]?
    /// Sent by token servers.
    var details: String?
    var message: String?
  }

  /// Returns the error for a response.
  /// - Parameter subject: what was requested, for the message.
  static func error(
    _ response: HTTPResponse, subject: String, _ quirks: RemoteQuirks
  ) -> DistributionError {
    let document = try? JSONDecoding.decode(Document.self, from: response.body)
    let first = document?.errors?.first
    let words = words(of: document)
    let code = quirks.isAboutChunk(response.status) ? .badResponse : code(response.status, first?.code)
    let isPage = document == nil && (response["content-type"]?.lowercased().contains("text/html") ?? false)
    // Remote registries respond in JSON, so an HTML page comes from a proxy.
    let prefix = isPage ? "a proxy in front of the registry answered" : "the registry answered"
    let text = words.isEmpty ? "\(prefix) \(response.status)" : "\(prefix) \(response.status), "
    let isQuota = words.lowercased().contains("quota") || response.status == 507
    let isRedeployment = first?.detail?.text?.contains("does not allow updating") == true
    var error = DistributionError(
      code, subject, reason: text + PrintableText.brief(words) + rateLimit(response),
      hint: isQuota ? quotaHint : isRedeployment ? redeploymentHint : hint(code, first?.code),
      status: response.status)
    error.retryAfter = RetryPolicy.seconds(retryAfter: response["retry-after"], now: .now())
    return error
  }

  /// What a registry says: each of its errors that differs from those before it, as `CODE: MESSAGE`.
  private static func words(of document: Document?) -> String {
    var said: [String] = []
    for item in document?.errors ?? [] {
      let text = [item.code ?? "", item.message ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
      if !text.isEmpty, !said.contains(text) { said.append(text) }
    }
    let more = said.count > mostErrors ? ["and \(said.count - mostErrors) more"] : []
    let words = (said.prefix(mostErrors) + more).joined(separator: "; ")
    return words.isEmpty ? document?.details ?? document?.message ?? "" : words
  }

  private static let mostErrors = 4

  private static let quotaHint =
    "the repository's quota is used up; delete old versions in the registry, or ask who runs it for more"

  private static let redeploymentHint =
    "Nexus's repository has the policy \"disable redeploy\", by which a stored manifest gets no other tag; "
    + "allow redeployment there"

  /// ` (100 in 6 h)`: what Docker Hub's `RateLimit-Limit: 100;w=21600` means (docker/docs, "Pull usage and limits").
  static func rateLimit(_ response: HTTPResponse) -> String {
    guard response.status == 429,
      let parts = response["ratelimit-limit"]?.split(separator: ";").map({ $0.filter { $0 != " " } }),
      let most = parts.first.flatMap({ UInt32($0) })
    else { return "" }
    guard let window = parts.dropFirst().first(where: { $0.hasPrefix("w=") }).flatMap({ UInt32($0.dropFirst(2)) })
    else {
      return " (\(most) are allowed)"
    }
    let time = window % 3600 == 0 ? "\(window / 3600) h" : "\(window) s"
    return " (\(most) are allowed in \(time))"
  }

  private static func code(_ status: Int, _ name: String?) -> DistributionError.Code {
    switch (status, name) {
    case (400..<500, "DIGEST_INVALID"): .wrongDigest
    case (400..<500, "SIZE_INVALID"): .wrongSize
    case (400..<500, "MANIFEST_BLOB_UNKNOWN"): .missingContent
    case (401, _): .unauthorized
    case (403, _): .denied
    case (404, _): .notFound
    case (408, _): .timeout
    case (413, _): .tooLarge
    case (429, _): .rateLimited
    default: RetryPolicy.isTransient(status) ? .server : .badResponse
    }
  }

  private static func hint(_ code: DistributionError.Code, _ name: String?) -> String? {
    switch code {
    case _ where name == "NAME_INVALID" || name == "NAME_UNKNOWN":
      "the registry has no such repository; check its name, or have it created"
    case .notFound where name == "MANIFEST_UNKNOWN":
      "the repository has no such tag or digest; check it, or push it first"
    case .unauthorized: "log in to the registry: opz login HOST"
    case .denied:
      "the user has no right to do this in the repository; log in as another one, or ask who runs the registry"
    case .tooLarge: "a proxy in front of the registry limits the size of a request; ask who runs it to raise the limit"
    case .rateLimited: "the registry limits how often it is asked; log in or try later"
    default: nil
    }
  }
}
