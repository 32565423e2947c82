public import OpzJSON
public import OpzOCI

/// The name of an alias: `champion`, `production`. No alias is also a valid version.
public struct AliasName: Hashable, Sendable, Comparable, CustomStringConvertible, LosslessStringConvertible {
  public let description: String

  /// The alias that `text` names: a lower-case letter, then letters, digits, `-`, `_` or `.`, at most 63 bytes.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard (1...63).contains(bytes.count), AliasName.isLetter(bytes[0]), bytes.allSatisfy(AliasName.isAllowed) else {
      return nil
    }
    description = text
  }

  /// - Throws: `RegistryError.badName`, which says what is allowed.
  public init(parsing text: String) throws {
    guard let name = AliasName(text) else {
      throw RegistryError(
        .badName, text, reason: "not an alias: a lower-case letter, then letters, digits, - _ or ., at most 63",
        hint: "write production, champion or eu-west")
    }
    self = name
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
  }

  /// Orders names by their text.
  public static func < (one: AliasName, other: AliasName) -> Bool { one.description < other.description }
}

extension Registry {
  /// What an alias must name before it moves, for compare-and-swap.
  public enum Expectation: Sendable, Equatable {
    case anything
    case nothing
    case version(SemanticVersion)
  }

  /// The result of moving an alias.
  public struct AliasChange: Sendable {
    public let alias: AliasName
    public let from: SemanticVersion?
    public let to: SemanticVersion?
    public var isChange: Bool { from != to }
  }

  /// Sets an alias. If it names the version already, nothing changes.
  /// - Parameters:
  ///   - premise: the state that the move was decided on.
  ///   - repeats: whether to append an event even if the alias names the version already.
  /// - Throws: `RegistryError.conflict` if the alias does not name what is expected, `.changed` if the premise no
  ///   longer holds.
  @discardableResult
  public func set(
    _ alias: AliasName, to version: Version, expecting expected: Expectation = .anything, on premise: Premise? = nil,
    repeats: Bool = false, kind: Event.Kind = .aliased, by author: Author, details: [String: JSONValue] = [:]
  ) throws -> AliasChange {
    try locked(version.name) {
      try require(premise, version.name, alias: alias)
      let state = try state(version.name)
      guard let entry = try state.only(version.version, of: version.name) else {
        throw RegistryError(.notFound, version.record.reference, reason: "the version was deleted in the meantime")
      }
      // The number may be another image's by now, at which no gate has looked.
      guard entry.image == version.record.image.digest else {
        throw RegistryError(
          .conflict, version.record.reference, reason: "the number was given to another image in the meantime",
          hint: "run the command again")
      }
      let current = try check(alias, expected, state: state, name: version.name)
      if current == version.version, !state.isConflicted(alias), !repeats {
        // Whoever set it may have been killed before updating the index.
        try exportIndex(adding: version, tag: "\(version.name)@\(alias)")
        return AliasChange(alias: alias, from: current, to: current)
      }
      let move = Event.AliasMove(name: alias.description, after: state.tips(alias).map(\.hash).sorted())
      try append(kind, version, author: author, details: details, alias: move)
      return AliasChange(alias: alias, from: current, to: version.version)
    }
  }

  /// Removes an alias.
  @discardableResult
  public func unset(
    _ alias: AliasName, of name: ModelName, expecting expected: Expectation = .anything, on premise: Premise? = nil,
    by author: Author, details: [String: JSONValue] = [:]
  ) throws -> AliasChange {
    try locked(name) {
      try require(premise, name, alias: alias)
      let state = try state(name)
      let current = try check(alias, expected, state: state, name: name)
      guard let current = current ?? state.tips(alias).compactMap(\.version).first,
        let version = try state.only(current, of: name)
      else {
        throw RegistryError(.notFound, "\(name)@\(alias)", reason: "no such alias", hint: "opz show \(name) lists them")
      }
      let move = Event.AliasMove(name: alias.description, after: state.tips(alias).map(\.hash).sorted())
      try append(.unaliased, try load(name, version), author: author, details: details, alias: move)
      return AliasChange(alias: alias, from: current, to: nil)
    }
  }

  /// The version that a rollback of an alias restores.
  public func previous(_ alias: AliasName, of name: ModelName) throws -> (move: ModelState.Move, version: Version) {
    let state = try state(name)
    let standing = try state.target(alias, of: name)
    guard let move = state.previous(alias), let number = move.version, let entry = try state.only(number, of: name)
    else {
      throw RegistryError(
        .notFound, "\(name)@\(alias)", reason: "it named no existing version before \(standing)",
        hint: "opz history \(name) --alias \(alias) shows what it named; opz alias \(name) \(alias) VERSION sets it")
    }
    return (move, try load(name, entry))
  }

  /// Restores what an alias named before.
  /// - Parameter move: what `previous` returned; refused if the alias has moved since.
  public func rollBack(
    _ alias: AliasName, to move: ModelState.Move, _ version: Version, on premise: Premise? = nil, by author: Author,
    details: [String: JSONValue] = [:]
  ) throws -> AliasChange {
    try locked(version.name) {
      try require(premise, version.name, alias: alias)
      let state = try state(version.name)
      guard state.previous(alias) == move else {
        throw RegistryError(
          .conflict, "\(version.name)@\(alias)", reason: "the alias moved in the meantime",
          hint: "opz history \(version.name) --alias \(alias) says who moved it")
      }
      let current = state.target(alias)
      let after = state.tips(alias).map(\.hash).sorted()
      try append(
        .rolledBack, version, author: author, details: details,
        alias: Event.AliasMove(name: alias.description, after: after, restores: move.hash))
      return AliasChange(alias: alias, from: current, to: version.version)
    }
  }

  private func check(
    _ alias: AliasName, _ expected: Expectation, state: ModelState, name: ModelName
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
        .conflict, "\(name)@\(alias)", reason: "it names \(current?.description ?? "nothing"), which was not expected",
        hint: "opz history \(name) --alias \(alias) says who moved it")
    }
    return current
  }
}
