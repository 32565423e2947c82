import OpzIO
import Synchronization
import SystemPackage

/// The contents of a `certs.d/HOST:PORT` directory of Docker or containers/image: `*.crt` files are authorities to
/// trust in addition to the system's, `NAME.cert` with `NAME.key` is the client certificate.
struct CertificateDirectory: Sendable, Equatable {
  /// Concatenated PEM certificates.
  var authorities: [UInt8] = []
  var certificate: FilePath?
  var key: FilePath?

  private static let limit = 1 << 20

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
          throw HTTPError(.certificates, path.string, "there is no \(key.lastComponent?.string ?? "") beside it")
        }
        found.certificate = path
        found.key = key
      }
    }
    return found
  }
}

/// Caches the certificate directory of each origin.
final class CertificateStore: Sendable {
  private let environment: [String: String]
  private let known = Mutex<[Origin: Result<CertificateDirectory, any Error>]>([:])

  init(environment: [String: String]) { self.environment = environment }

  /// Returns the certificates for an origin. The first call for an origin reads some small files.
  func directory(for origin: Origin) throws -> CertificateDirectory {
    try known.withLock { known in
      if let found = known[origin] { return try found.get() }
      let found = Result { try CertificateDirectory.find(for: origin, environment: environment) }
      known[origin] = found
      return try found.get()
    }
  }
}
