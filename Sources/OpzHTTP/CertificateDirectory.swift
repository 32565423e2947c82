import OpzIO
import Synchronization
package import SystemPackage

/// The contents of a `certs.d/HOST:PORT` directory of Docker or containers/image: `*.crt` files are authorities to
/// trust in addition to the system's, `NAME.cert` with `NAME.key` is the client certificate.
package struct CertificateDirectory: Sendable, Equatable {
  /// Concatenated PEM certificates.
  package var authorities: [UInt8] = []
  /// The file of the client's certificate; nil for none.
  package var certificate: FilePath?
  /// The file of its key.
  package var key: FilePath?
  /// Whether the server's certificate is taken whoever vouches for it, because the user's files say so.
  package var skipsVerification = false

  /// No certificates.
  package init() {}

  private static let limit = 1 << 20

  /// Adds files of certificate authorities. Blocks.
  /// - Throws: `IOFailure`, or `FileTooLarge`.
  package mutating func trust(_ files: [FilePath]) throws {
    for file in files {
      authorities += try SmallFile.read(file, limit: CertificateDirectory.limit) + [UInt8(ascii: "\n")]
    }
  }

  /// Reads the first directory that exists, the user's before the system's. Blocks.
  /// - Throws: `HTTPError` with the code `certificates` for a certificate without its key; `IOFailure`.
  static func find(for origin: Origin, environment: [String: String]) throws -> CertificateDirectory {
    guard origin.scheme == .https else { return CertificateDirectory() }
    for place in places(environment) {
      for name in names(origin) {
        let directory = place.appending(name)
        if (try? FileStatus.find(directory))??.kind == .directory { return try read(directory) }
      }
    }
    return CertificateDirectory()
  }

  private static func places(_ environment: [String: String]) -> [FilePath] {
    var places: [FilePath] = []
    if let home = UserHome.directory(environment) {
      places += [".config/containers/certs.d", ".config/docker/certs.d", ".docker/certs.d"].map {
        home.appending(FilePath($0).components)
      }
    }
    return places + ["/etc/containers/certs.d", "/etc/docker/certs.d"]
  }

  // The directory is named like the host part of a reference; the default port may be omitted.
  private static func names(_ origin: Origin) -> [String] {
    let long = "\(origin.host):\(origin.port)"
    return origin.port == origin.scheme.port ? [origin.host, long] : [long]
  }

  private static func read(_ directory: FilePath) throws -> CertificateDirectory {
    var found = CertificateDirectory()
    for name in try Directory.entries(directory).map(\.string).sorted() {
      let path = directory.appending(name)
      if name.hasSuffix(".crt") {
        found.authorities += try SmallFile.read(path, limit: limit) + [UInt8(ascii: "\n")]
      } else if name.hasSuffix(".cert"), found.certificate == nil {
        let key = directory.appending(String(name.dropLast(5)) + ".key")
        guard try FileStatus.find(key) != nil else {
          throw HTTPError(
            .certificates, path.string, reason: "there is no \(key.lastComponent?.string ?? "") beside it")
        }
        found.certificate = path
        found.key = key
      }
    }
    return found
  }
}

extension CertificateDirectory {
  fileprivate func adding(_ more: CertificateDirectory) -> CertificateDirectory {
    var all = self
    all.authorities += more.authorities
    if let certificate = more.certificate { (all.certificate, all.key) = (certificate, more.key) }
    all.skipsVerification = all.skipsVerification || more.skipsVerification
    return all
  }
}

/// Caches the certificate directory of each origin.
final class CertificateStore: Sendable {
  private let environment: [String: String]
  private let known = Mutex<[Origin: Result<CertificateDirectory, any Error>]>([:])
  /// For one origin, what is added to what the directories say.
  private let addition: (origin: Origin, certificates: CertificateDirectory)?

  init(environment: [String: String], adding addition: (Origin, CertificateDirectory)? = nil) {
    self.environment = environment
    self.addition = addition.map { ($0, $1) }
  }

  /// Returns the certificates for an origin. The first call for an origin reads some small files.
  func directory(for origin: Origin) throws -> CertificateDirectory {
    try known.withLock { known in
      if let found = known[origin] { return try found.get() }
      let found = Result {
        let found = try CertificateDirectory.find(for: origin, environment: environment)
        guard let addition, addition.origin == origin, origin.scheme == .https else { return found }
        return found.adding(addition.certificates)
      }
      known[origin] = found
      return try found.get()
    }
  }
}
