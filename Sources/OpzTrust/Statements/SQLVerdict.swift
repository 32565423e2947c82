public import OpzIO
public import OpzJSON
public import OpzOCI

/// What a statement of type `PredicateType.sqlVerification` says of one database engine: whether a model's SQL gave the
/// scorer's scores there.
///
/// The counts decide, and not the document's own `passed`: what contradicts itself is not a proof.
public struct SQLVerdict: Sendable, Hashable {
  public static let mediaType = MediaType("application/vnd.opz.sql-verification.v1+json")

  /// `postgresql`, in lower case.
  public let engine: String
  /// What the database said it is: `15.8`.
  public let engineVersion: String
  /// Values that were compared, over all parts.
  public let values: Int
  /// When the comparison ended, in RFC 3339; nil in statements of before it was written down.
  public let ended: Timestamp?
  /// Why it is no proof; nil if each value is as was promised.
  public let problem: String?

  /// Reads the document of a verification.
  /// - Throws: `TrustError.malformed` for a document that is not one.
  public init(_ document: JSONValue, subject: String) throws {
    try StrictJSON.check(document, .sqlVerification, subject: subject)
    guard let engine = document["engine"]?.string, !engine.isEmpty, let version = document["engineVersion"]?.string,
      let passed = document["passed"]?.bool, let parts = document["parts"]?.array
    else {
      throw TrustError(
        .malformed, subject, reason: "it is not the result of opz sql verify: engine, engineVersion, passed and parts")
    }
    self.engine = engine.lowercased()
    engineVersion = version
    var ended: Timestamp?
    if let text = document["ended"] {
      ended = text.string.flatMap { Timestamp($0) }
      if ended == nil { throw TrustError(.malformed, subject, reason: "ended is not a time (RFC 3339)") }
    }
    self.ended = ended
    var counts = Counts()
    for part in parts {
      guard let name = part["name"]?.string, let checks = part["checks"]?.array else {
        throw TrustError(.malformed, subject, reason: "a part has no name or no checks")
      }
      for check in checks { try counts.add(check, of: name, subject) }
    }
    values = counts.values
    problem = counts.problem ?? (passed ? nil : "it says that it did not pass")
  }

  /// The checks of all parts, added up.
  private struct Counts {
    var values = 0
    private var first: String?

    /// Nothing that was compared proves nothing.
    var problem: String? { first ?? (values == 0 ? "no value was compared" : nil) }

    mutating func add(_ check: JSONValue, of part: String, _ subject: String) throws {
      guard let kind = check["kind"]?.string, let values = SQLVerdict.count(check["values"]),
        let differing = SQLVerdict.count(check["differing"]), differing <= values
      else { throw TrustError(.malformed, subject, reason: "a check has no kind, values or differing") }
      let (sum, overflow) = self.values.addingReportingOverflow(values)
      if overflow { throw TrustError(.malformed, subject, reason: "its values are more than can be counted") }
      self.values = sum
      if check["problem"] != nil {
        first = first ?? "\(part), \(kind): the database did not compute it"
      } else if differing > 0 {
        first = first ?? "\(part), \(kind): \(differing) of \(values) values differ"
      }
    }
  }

  private static func count(_ value: JSONValue?) -> Int? {
    value?.integer.flatMap { Int(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil }
  }
}
