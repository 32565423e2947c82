import OpzJSON
import OpzOCI

/// The fields of a version for queries and sorting.
///
///     name version digest content created runtime platform format size author
///     alias            the aliases that name it
///     tag.NAME         tags of opz.yaml, overridden by those of opz tag
///     metrics.NAME     numbers and texts of the metrics file; deeper ones by more dots
///     git.commit git.branch git.dirty parent base
struct VersionFields: Sendable {
  let record: VersionRecord
  let version: SemanticVersion

  init(_ version: Registry.Version) { self.init(version, record: version.record) }

  /// - Parameter record: replaces the version's own, for later settings.
  init(_ version: Registry.Version, record: VersionRecord) {
    self.record = record
    self.version = version.version
  }

  static let names = [
    "name", "version", "digest", "content", "created", "runtime", "platform", "format", "size", "alias", "parent",
    "base", "tag.NAME", "metrics.NAME", "git.commit", "git.branch", "git.dirty",
  ]

  /// Whether a field exists, so that a misspelled one is an error and not an empty list.
  static func isKnown(_ field: VersionQuery.Field) -> Bool {
    switch field.first {
    case "tag", "metrics": field.count > 1
    default: names.contains(field.joined(separator: "."))
    }
  }

  /// The values in the record, without aliases and tags of `opz tag`.
  func values(_ field: VersionQuery.Field) -> [QueryValue] {
    switch (field.first ?? "", field.count) {
    case ("metrics", 2...): record.lineage.metrics.map { VersionFields.values($0, field.dropFirst()) } ?? []
    case ("tag", 2...): record.lineage.tags[field.dropFirst().joined(separator: ".")].map { [.text($0)] } ?? []
    case ("git", 2): git(field[1])
    case ("name", 1): [.text(record.name)]
    case ("version", 1): [.version(version)]
    case ("digest", 1): [.text(record.image.digest.description)]
    case ("content", 1): [.text(record.content.description)]
    case ("created", 1): [.text(record.created)]
    case ("runtime", 1): [.text(record.runtime.kind)]
    case ("base", 1): record.runtime.base.map { [.text($0)] } ?? []
    case ("platform", 1): record.platforms.map { .text($0) }
    case ("format", 1): record.model.map { [.text($0.format)] } ?? []
    case ("size", 1): [.number(record.layers.reduce(0) { $0 + Double($1.descriptor.size) })]
    case ("parent", 1): record.lineage.parent.map { [.text($0)] } ?? []
    default: []
    }
  }

  private func git(_ part: String) -> [QueryValue] {
    guard let git = record.lineage.git else { return [] }
    switch part {
    case "commit": return [.text(git.commit)]
    case "branch": return git.branch.map { [.text($0)] } ?? []
    case "dirty": return [.bool(git.dirty)]
    default: return []
    }
  }

  /// A name may contain dots: the longest existing one counts.
  private static func values(_ json: JSONValue, _ path: ArraySlice<String>) -> [QueryValue] {
    guard !path.isEmpty else { return QueryValue.values(json) }
    guard case .object(let members) = json else { return [] }
    for count in stride(from: path.count, through: 1, by: -1) {
      if let inner = members[path.prefix(count).joined(separator: ".")] {
        return values(inner, path.dropFirst(count))
      }
    }
    return []
  }
}
