import OpzIO
import OpzOCI
import OpzRegistry

/// What all gates before one move of an alias look at: one state of the model, read once.
struct GateQuestion: Sendable {
  let registry: Registry
  /// As it was recorded.
  let version: Registry.Version
  let alias: AliasName
  let snapshot: ModelSnapshot
  /// The registry's own, which says what other aliases are asked for.
  let policy: RegistryPolicy
  let session: Session
  /// Who moves the alias, and when.
  let author: Author

  var state: ModelState { snapshot.state }

  /// The events about the version as it is, in the order of the fold.
  func events() throws -> [Event] {
    try registry.events(of: version.name, version.version, in: state).filter {
      $0.image == version.record.image.digest
    }
  }

  /// Clocks of two machines may differ by so much; what is later than that has not happened.
  static let skew: Int64 = 300_000

  /// Whether a moment is later than now. What is no time is too: nobody knows.
  func isFuture(_ moment: Timestamp?) -> Bool {
    guard let moment else { return true }
    return moment.milliseconds > author.at.milliseconds &+ GateQuestion.skew
  }

  /// The versions in the alias's place: what it names, or what two clones made it name; where it was taken away, what it named last.
  func inPlace() throws -> [Registry.Version] {
    var numbers = state.tips(alias).compactMap(\.version)
    if numbers.isEmpty, let last = state.moves[alias]?.last(where: { $0.version != nil })?.version { numbers = [last] }
    return try Set(numbers).sorted().flatMap { number in
      try (state.versions[number] ?? []).filter { $0.deletedBy == nil }.map { try registry.load(version.name, $0) }
    }
  }
}
