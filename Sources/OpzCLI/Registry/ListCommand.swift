import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists models, or the versions of one.",
    discussion: """
      opz list                 all models with their newest version
      opz list churn           the versions of churn, newest first
      opz list churn --where 'metrics.auc > 0.9 and (tag.team = "crm" or alias = "production")' --sort -metrics.auc --limit 20
      opz list --json | jq '.[].digest'

      --where takes and, or, not, parentheses; =, !=, <, <=, >, >=; in ("a", "b"); like "rc%"; is null, is not null. \
      Fields: name, version, digest, created, runtime, platform, format, size, alias, parent, base, git.commit, \
      git.branch, git.dirty, tag.NAME, metrics.NAME. Versions compare as versions; strings are quoted. A field that a \
      version lacks fails every comparison.
      """)

  @Argument(help: "A model's name.", completion: RegistryNames.models) var name: String?
  @Option(
    name: .customLong("where"), help: ArgumentHelp("Only versions that match a filter.", valueName: "query"))
  var filter: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Sort by a field; -created is newest first. May be repeated.", valueName: "field")) var sort:
    [String] = []
  @Option(help: ArgumentHelp("The maximum number of rows.", valueName: "n")) var limit: Int?
  @Flag(help: "An array of objects: name, version, digest, created, runtime, metrics.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Row: Encodable {
    let name: String
    let version: String
    let digest: String
    let created: String
    let runtime: String
    let versions: Int?
    let metrics: JSONValue?
    let aliases: [String]
    let tags: [String: String]
  }

  func run() async throws {
    let registry = try options.session().openRegistry()
    let rows = try await rows(registry)
    if json { return try Console.json(rows) }
    guard !rows.isEmpty else {
      return options.note(filter == nil ? "no models yet; opz package records one" : "no version matches the filter")
    }
    let isSummary = rows.contains { $0.versions != nil }
    var table = TextTable(
      ["NAME", "VERSION", "CREATED", "RUNTIME", "DIGEST"] + (isSummary ? ["VERSIONS"] : []) + ["ALIASES"],
      right: isSummary ? [5] : [])
    for row in rows {
      table.add(
        [row.name, row.version, String(row.created.prefix(16)), row.runtime, row.digest]
          + (row.versions.map { [String($0)] } ?? []) + [row.aliases.joined(separator: ", ")])
    }
    Console.data(table.text)
  }

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
  }

  private func rows(_ registry: Registry) async throws -> [Row] {
    if name == nil, filter == nil, sort.isEmpty { return Array(try newest(registry).prefix(limit ?? .max)) }
    let model = try name.map { try ModelName($0) }
    if let model { _ = try registry.find(LocalReference(model, .newest)) }
    let found = try await registry.search(
      model, where: try filter.map { try VersionQuery(parsing: $0) },
      sort: try sort.map { try Registry.SortKey(parsing: $0) }, limit: limit ?? .max)
    return found.map { row($0.version.record, versions: nil, $0.aliases, tags: $0.tags) }
  }

  private func newest(_ registry: Registry) throws -> [Row] {
    try registry.models().compactMap { name in
      let state = try registry.state(name)
      guard let newest = state.newest else { return nil }
      let version = try registry.current(registry.load(name, newest), in: state)
      return row(
        version.record, versions: state.live.count, state.aliases(of: newest.version), tags: state.tags(of: version))
    }
  }

  private func row(
    _ record: VersionRecord, versions: Int?, _ aliases: [AliasName], tags: [String: String]
  ) -> Row {
    Row(
      name: record.name, version: record.version, digest: record.image.digest.description, created: record.created,
      runtime: record.runtime.kind, versions: versions, metrics: record.lineage.metrics,
      aliases: aliases.map(\.description), tags: tags)
  }
}
