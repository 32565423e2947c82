public import OpzIO
public import OpzJSON

/// A signed approval: the predicate of a statement of type `PredicateType.approval` whose subjects are the version's
/// image and its record.
///
///     {"alias": "production", "at": "2026-11-28T12:00:00.000Z", "by": "ann", "model": "crm/churn", "version": "1.2.0"}
public struct Approval: Sendable, Hashable {
  /// The model's name. The image alone does not tell: two models may share one.
  public let model: String
  public let version: String
  /// The only alias that the version is approved for.
  public let alias: String
  /// Who approved, as stated by the signer; only the key proves anything.
  public let by: String
  /// When, as stated by the signer.
  public let at: Timestamp
  public let reason: String?

  /// Creates an approval to be signed. The texts are not checked here.
  public init(model: String, version: String, alias: String, by: String, at: Timestamp, reason: String?) {
    self.model = model
    self.version = version
    self.alias = alias
    self.by = by
    self.at = at
    self.reason = reason
  }

  /// Reads the predicate of an approval.
  /// - Throws: `TrustError.malformed` for a predicate that is not an approval.
  public init(_ predicate: JSONValue, subject: String) throws {
    try StrictJSON.check(predicate, .approval, subject: subject)
    guard case .object(let members) = predicate, case .string(let model)? = members["model"],
      case .string(let version)? = members["version"], case .string(let alias)? = members["alias"],
      case .string(let by)? = members["by"], case .string(let time)? = members["at"], let at = Timestamp(time)
    else {
      throw TrustError(
        .malformed, subject, reason: "it is not an approval: model, version, alias, by and at must be strings")
    }
    var reason: String?
    if let value = members["reason"] {
      guard case .string(let text) = value else {
        throw TrustError(.malformed, subject, reason: "its reason is not a string")
      }
      reason = text
    }
    self.init(model: model, version: version, alias: alias, by: by, at: at, reason: reason)
  }

  public var predicate: JSONValue {
    var members: [String: JSONValue] = [
      "model": .string(model), "version": .string(version), "alias": .string(alias), "by": .string(by),
      "at": .string(at.description),
    ]
    members["reason"] = reason.map { .string($0) }
    return .object(members)
  }
}
