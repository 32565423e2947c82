import OpzIO
import OpzOCI
import OpzRegistry

/// Chooses the version number of packaged content.
///
/// Changed inputs or outputs raise the major version; changed model, code, configuration or files the minor version;
/// changes in the runtime or its settings only the patch version.
struct VersionChoice: Sendable {
  /// A fixed version; nil for the next one.
  let wanted: SemanticVersion?
  /// The record without a version number, to compare with.
  let draft: VersionRecord
  /// Creates the record for a version number.
  let number: @Sendable (SemanticVersion) throws -> VersionRecord

  func callAsFunction(_ known: KnownVersions) throws -> Registry.Choice {
    if let wanted { return try fixed(wanted, known) }
    if let same = try known.find(content: draft.content) { return .same(same) }
    return try numbered(VersionChoice.next(after: known, for: draft).version)
  }

  private func fixed(_ wanted: SemanticVersion, _ known: KnownVersions) throws -> Registry.Choice {
    guard known.state.versions[wanted] != nil else { return try numbered(wanted) }
    let next = try VersionChoice.next(after: known, for: draft)
    guard let taken = try known.find(wanted) else {
      throw RegistryError(
        .versionTaken, "\(draft.name)@\(wanted)", reason: "the version was deleted, and its number cannot be reused",
        hint: "opz package --version \(next.version), or version: auto in opz.yaml")
    }
    if taken.record.content == draft.content { return .same(taken) }
    throw RegistryError(
      .versionTaken, taken.record.reference,
      reason: "the version exists with different content (\(next.reason)); versions never change",
      hint: "opz package --version \(next.version), or version: auto in opz.yaml")
  }

  private func numbered(_ version: SemanticVersion) throws -> Registry.Choice { .new(try number(version), version) }

  /// The next free version, and the reason for it.
  static func next(after known: KnownVersions, for draft: VersionRecord) throws -> (
    version: SemanticVersion, reason: String
  ) {
    let taken = known.state.taken
    guard let latest = try known.newest() else {
      // Numbers of deleted versions stay taken.
      return (taken.last?.next(.major) ?? SemanticVersion(major: 1, minor: 0, patch: 0), "it is the first")
    }
    let (bump, reason) = change(from: latest.record, to: draft)
    var next = latest.version.next(bump)
    while known.state.versions[next] != nil { next = next.next(bump) }
    return (next, "\(reason) since \(latest.version)")
  }

  /// What changed between two records, and which part of the version number that raises.
  static func change(from old: VersionRecord, to new: VersionRecord) -> (bump: SemanticVersion.Bump, reason: String) {
    if old.model?.signature != new.model?.signature { return (.major, "the model's inputs or outputs changed") }
    for (role, name) in [("model", "model"), ("code", "code"), ("config", "configuration"), ("files", "files")]
    where diffIDs(old, role) != diffIDs(new, role) {
      return (.minor, "the \(name) changed")
    }
    return (.patch, "the runtime or its settings changed")
  }

  private static func diffIDs(_ record: VersionRecord, _ role: String) -> [Digest] {
    record.layers.filter { $0.role == role }.map(\.diffID)
  }
}
