/// The type of a statement's predicate: a URI, with short names for common ones.
public struct PredicateType: Sendable, Hashable, CustomStringConvertible {
  /// The URI, as in a statement's `predicateType`.
  public let uri: String

  /// Creates a type from any URI.
  public init(uri: String) { self.uri = uri }

  /// The short name if there is one, else the URI.
  public var description: String { PredicateType.names.first { $0.value == self }?.key ?? uri }

  /// An image's signature, as cosign 3 writes it.
  public static let signature = PredicateType(uri: "https://sigstore.dev/cosign/sign/v1")
  /// SLSA provenance v1.
  public static let provenance = PredicateType(uri: "https://slsa.dev/provenance/v1")
  /// cosign's vulnerability report.
  public static let vulnerabilities = PredicateType(uri: "https://cosign.sigstore.dev/attestation/vuln/v1")
  /// in-toto's evaluation result of a model.
  public static let evaluation = PredicateType(uri: "https://in-toto.io/attestation/eval-result/v0.1")
  /// A CycloneDX bill of materials in JSON.
  public static let billOfMaterials = PredicateType(uri: "https://cyclonedx.org/bom")
  /// A scan report, SARIF 2.1.0.
  public static let scan = PredicateType(uri: "https://docs.oasis-open.org/sarif/sarif/v2.1.0")

  /// An approval of a version for an alias (`Approval`).
  public static let approval = PredicateType(uri: "https://opz.dev/approval/v1")
  /// How a model's scores in a database compare with the scorer's (`opz sql verify`).
  public static let sqlVerification = PredicateType(uri: "https://opz.dev/sql-verification/v1")

  /// The short names of `opz attest --type`.
  public static let names: [String: PredicateType] = [
    "signature": .signature, "slsaprovenance": .provenance, "vuln": .vulnerabilities, "eval-result": .evaluation,
    "sbom": .billOfMaterials, "scan": .scan, "approval": .approval,
    "sql-verification": .sqlVerification,
  ]

  /// Parses a short name, or a URI with a scheme.
  /// - Throws: `TrustError.usage`.
  public init(parsing text: String) throws {
    if let known = PredicateType.names[text] {
      self = known
      return
    }
    let isURI = text.contains(":") && text.utf8.allSatisfy { (33...126).contains($0) } && text.utf8.count <= 512
    guard isURI, text.first?.isLetter == true else {
      throw TrustError(
        .usage, text, reason: "not a predicate type",
        hint: "write a URI, or one of \(PredicateType.names.keys.sorted().joined(separator: ", "))")
    }
    uri = text
  }
}
