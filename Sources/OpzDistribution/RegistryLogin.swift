import OpzIO
public import OpzOCI

/// Tries a user's secret at a registry before it is kept.
public struct RegistryLogin: Sendable {
  public enum Verdict: Sendable, Equatable {
    /// The registry, or its token server, took them.
    case accepted
    /// The registry asks nobody for credentials.
    case notAsked
  }

  private let reference: Reference
  private let environment: [String: String]
  private let userAgent: String
  private let insecure: Bool

  /// - Parameter host: with the port, if there is one.
  public init(_ host: String, environment: [String: String], userAgent: String, insecure: Bool = false) throws {
    reference = try Reference(host: RegistryLogin.host(host), repository: "opz")
    self.environment = environment
    self.userAgent = userAgent
    self.insecure = insecure
  }

  /// Docker Hub by its one name, whichever the text has: docker's configuration calls it `https://index.docker.io/v1/`. Others stay as they are.
  public static func host(_ text: String) -> String {
    var host = text[...]
    if let scheme = Origin.Scheme.prefix(of: host) { host = host.dropFirst(scheme.rawValue.count + 3) }
    for ending in ["/", "/v1", "/v2"] where host.hasSuffix(ending) { host = host.dropLast(ending.count) }
    return DockerHub.isHost(host) ? DockerHub.host : text
  }

  /// - Throws: `DistributionError.unauthorized` where they are refused.
  public func check(user: String, secret: String) async throws -> Verdict {
    let client = try RegistryClient(
      reference, environment: environment, userAgent: userAgent, progress: NoProgress(), insecure: insecure,
      retry: RetryPolicy(), credentials: Credentials(.password(user: user, password: secret)))
    guard try await client.challenges() != nil else { return .notAsked }
    let response: HTTPResponse
    do {
      response = try await client.send(client.versionCheck, [], reference.host)
    } catch let error as DistributionError where error.code == .unauthorized {
      throw refusal(error.status)
    }
    switch response.status {
    case 200: return .accepted
    case 401, 403: throw refusal(response.status)
    default: throw RegistryAnswer.error(response, reference.host)
    }
  }

  private func refusal(_ status: Int?) -> DistributionError {
    DistributionError(
      .unauthorized, reference.host, "the registry refused the user or the secret; nothing was kept",
      hint: "many registries want a token of yours in place of the password", status: status)
  }
}

extension RegistryClient {
  /// `GET /v2/`, which every registry answers (distribution-spec 1.1, "Determining Support").
  var versionCheck: HTTPRequest {
    HTTPRequest(method: .get, address: WebAddress(origin: policy.registry, path: "/v2/"))
  }

  /// How the registry wants to be asked; nil where it lets everybody in.
  func challenges() async throws -> [Challenge]? {
    let response = try await unauthorised(versionCheck)
    return response.status == 401 ? Challenge.parse(response.head.all("www-authenticate")) : nil
  }
}
