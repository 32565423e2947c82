public import OpzJSON
public import OpzOCI

extension Registry {
  /// What an alias is expected to name before it moves: the compare of compare-and-swap.
  public enum Expectation: Sendable, Equatable {
    case anything
    case nothing
    case version(SemanticVersion)
  }

  /// What became of an alias.
  public struct AliasChange: Sendable {
    public let alias: AliasName
    public let from: SemanticVersion?
    public let to: SemanticVersion?
    public var isChange: Bool { from != to }
  }

  /// Sets an alias. One that names the version already is left as it is.
  /// - Parameters:
  ///   - premise: what the move was decided by.
  ///   - repeats: whether there is an event even where the alias names the version already.
  /// - Throws: `RegistryError.conflict` when the alias names something else than `expected`, `.changed` when the premise does not hold.
  @discardableResult
  public func set(
    _ alias: AliasName, to version: Version, expecting expected: Expectation = .anything, on premise: Premise? = nil,
    repeats: Bool = false, kind: Event.Kind = .aliased, by author: Author, details: [String: JSONValue] = [:]
  ) throws -> AliasChange {
    try locked(version.name) {
      try require(premise, version.name, alias)
      let state = try state(version.name)
      guard try state.only(version.version, of: version.name) != nil else {
        throw RegistryError(.notFound, version.record.reference, "the version was deleted in the meantime")
      }
      let current = try check(alias, expected, state, version.name)
      if current == version.version, !state.isConflicted(alias), !repeats {
        // The one who set it may have died before the export.
        try exportIndex(adding: version, tag: "\(version.name)@\(alias)")
        return AliasChange(alias: alias, from: current, to: current)
      }
      let move = Event.AliasMove(name: alias.description, after: state.tips(alias).map(\.hash).sorted())
      try append(kind, version, author, details, alias: move)
      return AliasChange(alias: alias, from: current, to: version.version)
    }
  }

  /// Takes an alias away.
  @discardableResult
  public func unset(
    _ alias: AliasName, of name: ModelName, expecting expected: Expectation = .anything, on premise: Premise? = nil,
    by author: Author, details: [String: JSONValue] = [:]
  ) throws -> AliasChange {
    try locked(name) {
      try require(premise, name, alias)
      let state = try state(name)
      let current = try check(alias, expected, state, name)
      guard let current = current ?? state.tips(alias).compactMap(\.version).first,
        let version = try state.only(current, of: name)
      else {
        throw RegistryError(.notFound, "\(name)@\(alias)", "no such alias", hint: "opz show \(name) lists them")
      }
      let move = Event.AliasMove(name: alias.description, after: state.tips(alias).map(\.hash).sorted())
      try append(.unaliased, try load(name, version), author, details, alias: move)
      return AliasChange(alias: alias, from: current, to: nil)
    }
  }

  /// The version that a roll-back of an alias goes to.
  public func previous(_ alias: AliasName, of name: ModelName) throws -> (move: ModelState.Move, version: Version) {
    let state = try state(name)
    let standing = try state.target(alias, of: name)
    guard let move = state.previous(alias), let number = move.version, let entry = try state.only(number, of: name)
    else {
      throw RegistryError(
        .notFound, "\(name)@\(alias)", "nothing is known that it named before \(standing)",
        hint: "opz history \(name) --alias \(alias) shows what it named; opz alias \(name) \(alias) VERSION sets it")
    }
    return (move, try load(name, entry))
  }

  /// Brings back what an alias named before.
  /// - Parameter move: what `previous` found; refused if the alias moved since.
  public func rollBack(
    _ alias: AliasName, to move: ModelState.Move, _ version: Version, on premise: Premise? = nil, by author: Author,
    details: [String: JSONValue] = [:]
  ) throws -> AliasChange {
    try locked(version.name) {
      try require(premise, version.name, alias)
      let state = try state(version.name)
      guard state.previous(alias) == move else {
        throw RegistryError(
          .conflict, "\(version.name)@\(alias)", "the alias moved in the meantime",
          hint: "opz history \(version.name) --alias \(alias) says who moved it")
      }
      let current = state.target(alias)
      let after = state.tips(alias).map(\.hash).sorted()
      try append(
        .rolledBack, version, author, details,
        alias: Event.AliasMove(name: alias.description, after: after, restores: move.hash))
      return AliasChange(alias: alias, from: current, to: version.version)
    }
  }

  private func check(
    _ alias: AliasName, _ expected: Expectation, _ state: ModelState, _ name: ModelName
  ) throws -> SemanticVersion? {
    let current = state.target(alias)
    let isMet =
      switch expected {
      case .anything: true
      case .nothing: current == nil && !state.isConflicted(alias)
      case .version(let version): current == version
      }
    guard isMet else {
      throw RegistryError(
        .conflict, "\(name)@\(alias)", "it names \(current?.description ?? "nothing"), which was not expected",
        hint: "opz history \(name) --alias \(alias) says who moved it")
    }
    return current
  }
}
