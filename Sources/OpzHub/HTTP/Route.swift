import OpzHTTPServer
import OpzIO
import OpzOCI

/// What a path names (OCI distribution-spec, "Endpoints"). Names and digests are not yet validated; the caller parses
/// them.
enum Route: Sendable, Equatable {
  case ping, catalog, token, unknown
  case tags(name: String)
  case manifest(name: String, reference: String)
  case blob(name: String, digest: String)
  case uploads(name: String)
  case upload(name: String, id: String)
  case referrers(name: String, digest: String)

  /// A repository name may have any number of components, so a path is parsed from its end.
  /// - Parameter path: still percent-encoded.
  init(path: String) {
    if path == "/v2/" || path == "/v2" {
      self = .ping
      return
    }
    if path == "/token" {
      self = .token
      return
    }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map {
      PercentCoding.decodeLossy(String($0))
    }
    guard parts.count >= 3, parts[0] == "", parts[1] == "v2" else {
      self = .unknown
      return
    }
    parts.removeFirst(2)
    self = Route.read(parts)
  }

  private static func read(_ parts: [String]) -> Route {
    if parts == ["_catalog"] { return .catalog }
    func name(_ count: Int) -> String { parts.dropLast(count).joined(separator: "/") }
    let end = parts.suffix(3)
    switch (end.first, end.dropFirst().first, end.last) {
    case ("blobs", "uploads", "") where parts.count > 3: return .uploads(name: name(3))
    case ("blobs", "uploads", let id?) where parts.count > 3: return .upload(name: name(3), id: id)
    default: break
    }
    guard parts.count > 2, let last = parts.last else { return .unknown }
    switch parts[parts.count - 2] {
    case "tags" where last == "list": return .tags(name: name(2))
    case "manifests": return .manifest(name: name(2), reference: last)
    case "blobs" where last == "uploads": return .uploads(name: name(2))
    case "blobs": return .blob(name: name(2), digest: last)
    case "referrers": return .referrers(name: name(2), digest: last)
    default: return .unknown
    }
  }

  /// The repository's name, not validated.
  var name: String? {
    switch self {
    case .ping, .catalog, .token, .unknown: nil
    case .tags(let name), .manifest(let name, _), .blob(let name, _), .uploads(let name), .upload(let name, _),
      .referrers(let name, _):
      name
    }
  }

  /// The allowed methods without OPTIONS; empty for an unknown path.
  var methods: [String] {
    switch self {
    case .unknown: []
    case .ping, .catalog, .tags, .referrers: ["GET", "HEAD"]
    case .token: ["GET", "HEAD", "POST"]
    case .manifest: ["GET", "HEAD", "PUT", "DELETE"]
    case .blob: ["GET", "HEAD"]
    case .uploads: ["POST"]
    case .upload: ["GET", "HEAD", "PATCH", "PUT", "DELETE"]
    }
  }

  /// The 405 error for a method that this path does not allow (RFC 9110, section 15.5.6, requires `Allow`).
  func refusal(_ reason: String = "this path does not support the method") -> SpecError {
    SpecError(405, .unsupported, message: reason, headers: [("Allow", Response.allow(methods))])
  }

  func kind(_ method: String) -> RequestKind {
    switch (self, method) {
    case (.ping, _): .ping
    case (.catalog, _): .catalog
    case (.token, _): .token
    case (.tags, _): .tags
    case (.referrers, _): .referrers
    case (.manifest, "HEAD"): .manifestHead
    case (.manifest, "GET"): .manifestGet
    case (.manifest, "PUT"): .manifestPut
    case (.manifest, "DELETE"): .manifestDelete
    case (.blob, "HEAD"): .blobHead
    case (.blob, "GET"): .blobGet
    case (.blob, "DELETE"): .blobDelete
    case (.uploads, "POST"): .uploadStart
    case (.upload, "PATCH"): .uploadChunk
    case (.upload, "GET"), (.upload, "HEAD"): .uploadStatus
    case (.upload, "PUT"): .uploadFinish
    case (.upload, "DELETE"): .uploadCancel
    default: .other
    }
  }
}
