import OpzIO
import OpzOCI
import OpzTestKit

@testable import OpzHub

/// Asks one repository of any registry, and notes what the distribution-spec does not allow.
final class SpecClient {
  let port: Int
  let name: String
  private(set) var problems: [String] = []

  init(port: Int, name: String) {
    self.port = port
    self.name = name
  }

  /// Notes a problem unless the condition holds.
  func expect(_ condition: Bool, _ problem: @autoclosure () -> String) {
    if !condition { problems.append(problem()) }
  }

  /// The path of the repository.
  func path(_ rest: String, in other: String? = nil) -> String { "/v2/\(other ?? name)/\(rest)" }

  func ask(
    _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []
  ) async throws -> Reply {
    // A Location may be absolute, with or without the scheme.
    var target = target
    for prefix in ["http://127.0.0.1:\(port)", "//127.0.0.1:\(port)"] where target.hasPrefix(prefix) {
      target.removeFirst(prefix.count)
    }
    return try await TestHub.ask(port: port, method, target, headers: headers, body: body)
  }

  /// Opens an upload.
  func begin(in other: String? = nil) async throws -> String {
    let reply = try await ask("POST", path("blobs/uploads/", in: other))
    expect(reply.status == 202, "POST of an upload: \(reply.status)")
    return reply["location"] ?? ""
  }

  /// Adds a parameter to a Location that may have some.
  static func adding(_ pair: String, to location: String) -> String {
    location + (location.contains("?") ? "&" : "?") + pair
  }

  /// Uploads a blob by POST and PUT.
  func push(_ blob: [UInt8], _ digest: Digest? = nil, in other: String? = nil) async throws {
    let digest = digest ?? .of(blob)
    let place = SpecClient.adding("digest=\(digest)", to: try await begin(in: other))
    let type = [("Content-Type", "application/octet-stream")]
    let reply = try await ask("PUT", place, headers: type, body: blob)
    expect(reply.status == 201, "PUT of a blob: \(reply.status) \(reply.code ?? "")")
    expect(reply["location"] != nil, "PUT of a blob: no Location")
  }

  /// Whether a blob is served as it is, by GET and by HEAD.
  func check(blob: [UInt8], _ digest: Digest, in other: String? = nil) async throws {
    for method in ["HEAD", "GET"] {
      let reply = try await ask(method, path("blobs/\(digest)", in: other))
      expect(reply.status == 200, "\(method) of a blob: \(reply.status)")
      expect(reply["content-length"] == "\(blob.count)", "\(method) of a blob: another Content-Length")
      expect(reply.body == (method == "GET" ? blob : []), "\(method) of a blob: another body")
      if let said = reply["docker-content-digest"] { expect(said == "\(digest)", "\(method) of a blob: \(said)") }
    }
  }
}

extension Digest {
  /// The digest of some bytes by either algorithm.
  static func of(_ bytes: [UInt8], by algorithm: Digest.Algorithm) -> Digest {
    var hasher = DigestHasher(algorithm)
    hasher.update(bytes)
    return hasher.finish()
  }
}
