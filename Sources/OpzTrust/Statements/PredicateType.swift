/// What a statement's predicate is: a URI, and short names for those that are common.
public struct PredicateType: Sendable, Hashable, CustomStringConvertible {
  /// As a statement's `predicateType` has it.
  public let uri: String

  /// A type by its URI, whatever it is.
  public init(uri: String) { self.uri = uri }

  /// The short name, else the URI.
  public var description: String { PredicateType.names.first { $0.value == self }?.key ?? uri }

  /// An image's signature, by cosign 3.
  public static let signature = PredicateType(uri: "https://sigstore.dev/cosign/sign/v1")
  /// SLSA provenance v1.
  public static let provenance = PredicateType(uri: "https://slsa.dev/provenance/v1")
  /// cosign's vulnerability report.
  public static let vulnerabilities = PredicateType(uri: "https://cosign.sigstore.dev/attestation/vuln/v1")
  /// in-toto's result of a model's evaluation.
  public static let evaluation = PredicateType(uri: "https://in-toto.io/attestation/eval-result/v0.1")
  /// CycloneDX, in JSON.
  public static let billOfMaterials = PredicateType(uri: "https://cyclonedx.org/bom")
  /// SARIF 2.1.0.
  public static let scan = PredicateType(uri: "https://docs.oasis-open.org/sarif/sarif/v2.1.0")

  /// Somebody answers for a version before an alias (`Approval`).
  public static let approval = PredicateType(uri: "https://opz.dev/approval/v1")

  /// The short names of `opz attest --type`.
  public static let names: [String: PredicateType] = [
    "signature": .signature, "slsaprovenance": .provenance, "vuln": .vulnerabilities, "eval-result": .evaluation,
    "sbom": .billOfMaterials, "scan": .scan, "approval": .approval,
  ]

  /// A short name, or a URI with a scheme.
  public init(parsing text: String) throws {
    if let known = PredicateType.names[text] {
      self = known
      return
    }
    let isURI = text.contains(":") && text.utf8.allSatisfy { (33...126).contains($0) } && text.utf8.count <= 512
    guard isURI, text.first?.isLetter == true else {
      throw TrustError(
        .usage, text, "not a type of predicate",
        hint: "write a URI, or one of \(PredicateType.names.keys.sorted().joined(separator: ", "))")
    }
    uri = text
  }
}
