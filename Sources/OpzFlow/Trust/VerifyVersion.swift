import OpzIO
import OpzOCI
public import OpzRegistry
public import OpzTrust

/// `opz verify`: reports which keys signed a version's attachments and its record, without contacting other services.
public struct VerifyVersion: Sendable {
  /// One attachment.
  public struct Line: Sendable, Codable {
    public let digest: String
    /// `signature`, `sbom`, a URI ..
    public let type: String
    /// The names of the keys that signed it.
    public let keys: [String]
    /// The names of the keys that also signed the version's record with it.
    public let record: [String]
    /// Why it cannot be read; nil if it can.
    public let problem: String?
    public let at: String
  }

  private let version: Registry.Version
  private let session: Session

  /// Prepares a verification of a version's attachments. Nothing is read before `run`.
  public init(_ version: Registry.Version, in session: Session) {
    self.version = version
    self.session = session
  }

  /// - Parameters:
  ///   - keys: the keys with the names that the user gave them.
  ///   - type: the statement that each key must have signed.
  /// - Throws: `FlowError` of category `verification` if a key has not signed it, `RegistryError` if the image
  ///   contradicts the record.
  public func run(
    _ registry: Registry, _ keys: [(name: String, key: PublicKey)], type: PredicateType
  ) async throws -> [Line] {
    let content = VersionContent(registry: registry, record: version.record, session: session)
    try version.record.require(agreementWith: try await ImageFacts.of(version.record.image, in: content))
    let all = try await VersionAttachments(version, session).evidence(registry) { evidence, attachment in
      let line = Line(
        digest: evidence.descriptor.digest.description, type: evidence.kind,
        keys: keys.filter { evidence.isSigned(by: $0.key) }.map(\.name),
        record: keys.filter { evidence.isSigned(by: $0.key, withRecord: version.recordDigest) }.map(\.name),
        problem: evidence.problem, at: attachment.at)
      return (line: line, wanted: keys.map { evidence.isSigned(by: $0.key, as: type) })
    }
    for (index, (name, _)) in keys.enumerated() where !all.contains(where: { $0.wanted[index] }) {
      throw FlowError(
        .verification, version.record.reference, reason: VerifyVersion.reason(all.map(\.line), name, type: type),
        hint: type == .signature
          ? "opz sign \(version.record.reference) --key FILE signs it; opz show lists what is attached"
          : "opz attest \(version.record.reference) --type \(type) --key FILE attaches one")
    }
    return all.map(\.line)
  }

  private static func reason(_ all: [Line], _ name: String, type: PredicateType) -> String {
    let what = type == .signature ? "signature" : "attestation of the type \(type)"
    let broken = all.compactMap(\.problem)
    let others = all.count - broken.count
    var text = "no \(what) of its image is by \(name)"
    if others > 0 { text += "; \(others) other\(others == 1 ? " attachment is" : " attachments are") there" }
    if let first = broken.first { text += "; \(broken.count) cannot be read: \(first)" }
    return text
  }
}
