import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry

/// `opz alias --remove`: removes an alias. If the alias has gates, a reason is required.
public struct RemoveAlias: Sendable {
  private let name: ModelName
  private let alias: AliasName
  private let session: Session

  /// What the alias must name now.
  public var expected = Registry.Expectation.anything
  /// The reason to remove an alias that has gates.
  public var force: Override?

  /// Prepares the removal of an alias. Nothing is changed before `run(_:)`.
  public init(_ name: ModelName, _ alias: AliasName, in session: Session) {
    self.name = name
    self.alias = alias
    self.session = session
  }

  /// - Throws: `FlowError` of category `refused` if the alias has gates and no reason is given.
  public func run(_ registry: Registry) throws -> Registry.AliasChange {
    let policy = try RegistryPolicy.of(registry)
    let hasGates = policy.promote[alias] != nil
    guard !hasGates || force != nil else {
      throw FlowError(
        .refused, "\(name)@\(alias)", reason: "policy.yaml has gates for it, and no gate can approve its removal",
        hint: "--force --reason TEXT removes it, and the event records it")
    }
    var details: [String: JSONValue] = [:]
    details["policy"] = policy.digest.map { .string($0.description) }
    if hasGates, let force {
      details["forced"] = .bool(true)
      details["reason"] = .string(force.reason)
    }
    let premise = Registry.Premise(try registry.snapshot(name)) {
      try RegistryPolicy.digest(of: registry) == policy.digest
    }
    return try registry.unset(
      alias, of: name, expecting: expected, on: premise, by: session.author, details: details)
  }
}
