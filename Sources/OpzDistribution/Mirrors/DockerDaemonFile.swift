import OpzIO
import OpzJSON
import OpzOCI
import SystemPackage

/// The mirrors in docker's `daemon.json`, which are for Docker Hub alone (docker, "Mirror the Docker Hub library").
struct DockerDaemonFile {
  private let path: FilePath
  private let content: Content

  private struct Content: Decodable {
    var mirrors: [String]?
    var insecure: [String]?

    private enum CodingKeys: String, CodingKey {
      case mirrors = "registry-mirrors"
      case insecure = "insecure-registries"
    }
  }

  /// Reads the file; nil where there is none.
  /// - Parameter named: the file; nil for that of a daemon of the user's, else the system's.
  /// - Throws: `DistributionError` with the code `configuration`.
  static func find(_ named: FilePath?, _ environment: [String: String]) throws -> DockerDaemonFile? {
    let own = UserHome.configuration(environment)?.appending("docker").appending("daemon.json")
    for path in named.map({ [$0] }) ?? [own, "/etc/docker/daemon.json"].compactMap({ $0 }) {
      guard let text = try MirrorFiles.text(of: path, isNamed: named != nil) else { continue }
      return try DockerDaemonFile(path, text)
    }
    return nil
  }

  private init(_ path: FilePath, _ text: String) throws {
    self.path = path
    do {
      content = try JSONDecoding.decode(Content.self, from: Array(text.utf8))
    } catch let failure as JSONFailure {
      let before = text.utf8.prefix(failure.offset ?? 0)
      let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
      throw MirrorProblem(path, line, reason: "not docker's daemon.json: \(failure.reason)").error
    }
  }

  /// The sources of an image of Docker Hub; nil for one of another registry, and where there are no mirrors.
  /// - Throws: `DistributionError` with the code `configuration`.
  func route(to reference: Reference) throws -> PullRoute? {
    guard reference.host == DockerHub.host, let mirrors = content.mirrors, !mirrors.isEmpty else { return nil }
    var sources: [PullSource] = []
    for text in mirrors {
      // docker refuses a path here, so that nobody can have one.
      guard let address = MirrorAddress(text), address.path.isEmpty else {
        throw DistributionError(
          .configuration, path.string,
          reason: "registry-mirrors has \(PrintableText.brief(text)), not http[s]://HOST[:PORT]",
          hint: "correct the file; \(MirrorFiles.variable)=none pulls without mirrors")
      }
      let there = try Reference(host: address.host, repository: reference.repository)
      var source = PullSource(there, place: path.string)
      source.scheme = address.origin.scheme
      let names = [address.origin.host, "\(address.origin.host):\(address.origin.port)"]
      let isInsecure = address.origin.scheme == .https && content.insecure?.contains(where: names.contains) == true
      sources += isInsecure ? source.insecureForms : [source]
    }
    var own = PullSource(try Reference(host: reference.host, repository: reference.repository), place: path.string)
    own.isUpstream = true
    return PullRoute(sources: sources + [own], file: path)
  }
}
