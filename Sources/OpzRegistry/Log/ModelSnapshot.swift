public import OpzOCI

/// A model's state with the events that it was folded from, so that a decision based on it can be checked later.
public struct ModelSnapshot: Sendable {
  public let name: ModelName
  public let state: ModelState
  /// In the order of the fold.
  let events: [EventLog.Name]
}

extension Registry {
  /// What must be unchanged when an alias moves; checked under the model's lock.
  public struct Premise: Sendable {
    let snapshot: ModelSnapshot
    let holds: @Sendable () throws -> Bool

    /// Creates a premise.
    /// - Parameter holds: whether everything else that was read, such as a policy, is unchanged.
    public init(_ snapshot: ModelSnapshot, holds: @escaping @Sendable () throws -> Bool = { true }) {
      self.snapshot = snapshot
      self.holds = holds
    }
  }

  /// The state of a model, and the events that it was folded from.
  public func snapshot(_ name: ModelName) throws -> ModelSnapshot {
    let (state, events) = try fold(name)
    return ModelSnapshot(name: name, state: state, events: events)
  }

  /// The event that made a move of an alias.
  public func event(of move: ModelState.Move, in snapshot: ModelSnapshot) throws -> Event? {
    try snapshot.events.first { $0.hash == move.hash }.map { try log(snapshot.name).read($0).event }
  }

  /// Checks a premise. The caller holds the model's lock.
  /// - Throws: `RegistryError.changed` if an event was added since, or the rest has changed.
  func require(_ premise: Premise?, _ name: ModelName, alias: AliasName) throws {
    guard let premise else { return }
    let events = try log(name).names()
    guard premise.snapshot.name == name, events == premise.snapshot.events, try premise.holds() else {
      throw RegistryError(
        .changed, "\(name)@\(alias)", reason: "the model or the policy changed since the gates looked at them",
        hint: "run the command again")
    }
  }
}
