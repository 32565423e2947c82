public import OpzOCI

/// A model's state with the events that it is of, so that who decided by it can tell whether it is still so.
public struct ModelSnapshot: Sendable {
  public let name: ModelName
  public let state: ModelState
  /// In the order of the fold.
  let events: [EventLog.Name]
}

extension Registry {
  /// What must be as it was read when an alias moves. It is looked at under the model's lock.
  public struct Premise: Sendable {
    let snapshot: ModelSnapshot
    let holds: @Sendable () throws -> Bool

    /// - Parameter holds: whether what was read beside the model's events is as it was: a policy.
    public init(_ snapshot: ModelSnapshot, holds: @escaping @Sendable () throws -> Bool = { true }) {
      self.snapshot = snapshot
      self.holds = holds
    }
  }

  /// The state of a model, and the events that it is of.
  public func snapshot(_ name: ModelName) throws -> ModelSnapshot {
    let (state, events) = try fold(name)
    return ModelSnapshot(name: name, state: state, events: events)
  }

  /// The event that made a move of an alias.
  public func event(of move: ModelState.Move, in snapshot: ModelSnapshot) throws -> Event? {
    try snapshot.events.first { $0.hash == move.hash }.map { try log(snapshot.name).read($0).event }
  }

  /// The caller holds the model's lock.
  /// - Throws: `RegistryError.changed` where an event came since, or the rest is no longer so.
  func require(_ premise: Premise?, _ name: ModelName, _ alias: AliasName) throws {
    guard let premise else { return }
    let events = try log(name).names()
    guard premise.snapshot.name == name, events == premise.snapshot.events, try premise.holds() else {
      throw RegistryError(
        .changed, "\(name)@\(alias)", "the model or the policy changed since the gates looked at them",
        hint: "run the command again")
    }
  }
}
