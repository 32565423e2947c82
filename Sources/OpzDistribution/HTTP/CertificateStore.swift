import Synchronization

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
