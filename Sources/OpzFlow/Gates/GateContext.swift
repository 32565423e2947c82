import OpzIO
import OpzOCI
import OpzRegistry

/// The input of all gates before one move of an alias: one snapshot of the model's state.
struct GateContext: Sendable {
  let registry: Registry
  /// As recorded, without later settings.
  let version: Registry.Version
  let alias: AliasName
  let snapshot: ModelSnapshot
  /// The registry's own policy, which has the gates of other aliases.
  let policy: RegistryPolicy
  let session: Session
  /// Who moves the alias, and when.
  let author: Author

  var state: ModelState { snapshot.state }

  /// The events about the version's current image, in log order.
  func events() throws -> [Event] {
    try registry.events(of: version.name, version.version, in: state).filter {
      $0.image == version.record.image.digest
    }
  }

  /// Milliseconds that the clocks of two machines may differ by; a later time is in the future.
  static let skew: Int64 = 300_000

  /// Whether a time is in the future. A missing or invalid time counts as future.
  func isFuture(_ moment: Timestamp?) -> Bool {
    guard let moment else { return true }
    return moment.milliseconds > author.at.milliseconds &+ GateContext.skew
  }

  /// The versions that the alias names now: several if clones conflict; after its removal, the last one.
  func inPlace() throws -> [Registry.Version] {
    var numbers = state.tips(alias).compactMap(\.version)
    if numbers.isEmpty, let last = state.moves[alias]?.last(where: { $0.version != nil })?.version { numbers = [last] }
    return try Set(numbers).sorted().flatMap { number in
      try (state.versions[number] ?? []).filter { $0.deletedBy == nil }.map { try registry.load(version.name, $0) }
    }
  }
}
