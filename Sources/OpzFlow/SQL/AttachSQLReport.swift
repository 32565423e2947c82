import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
public import OpzTrust

/// Attaches the result of `opz sql verify` to a version: counts, and nothing of the database's hosts, tables or values.
public struct AttachSQLReport: Sendable {
  private let version: Registry.Version
  private let session: Session

  /// Prepares an attachment. Nothing is attached before `run`.
  public init(_ version: Registry.Version, in session: Session) {
    self.version = version
    self.session = session
  }

  /// - Parameter key: signs the statement; nil attaches it unsigned.
  /// - Throws: `TrustError`, `RegistryError`, `IOFailure`.
  public func run(_ report: SQLReport, with key: PrivateKey?) async throws -> Descriptor {
    let document = try CanonicalJSON.encode(JSONValue(encoding: report.published))
    return try await AttestVersion(version, in: session).run(
      .sqlVerification, document, with: key, subject: "opz sql verify", registry: session.openRegistry())
  }
}
