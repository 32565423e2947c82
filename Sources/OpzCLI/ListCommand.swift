import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists models, or the versions of one.",
    discussion: """
      opz list                 all models with their newest version
      opz list churn           the versions of churn, newest first
      opz list --json | jq '.[].digest'
      """)

  @Argument(help: "A model's name.") var name: String?
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
  }

  func run() async throws {
    let registry = try options.session().openRegistry()
    let rows = try name.map { try versions(of: ModelName($0), registry) } ?? newest(registry)
    if json { return try Console.json(rows) }
    guard !rows.isEmpty else { return options.note("no models yet; opz package records one") }
    var table = TextTable(["NAME", "VERSION", "CREATED", "RUNTIME", "DIGEST"] + (name == nil ? ["VERSIONS"] : []))
    for row in rows {
      table.add(
        [
          row.name, row.version, String(row.created.prefix(16)), row.runtime,
          String(row.digest.dropFirst(7).prefix(12)),
        ]
          + (row.versions.map { [String($0)] } ?? []))
    }
    Console.data(table.text)
  }

  private func newest(_ registry: Registry) throws -> [Row] {
    try registry.models().compactMap { name in
      let count = try registry.versions(name).count
      guard count > 0 else { return nil }
      return row(try registry.find(LocalReference(name, .newest)).record, versions: count)
    }
  }

  private func versions(of name: ModelName, _ registry: Registry) throws -> [Row] {
    _ = try registry.find(LocalReference(name, .newest))
    return try registry.all(name).reversed().map { row($0.record, versions: nil) }
  }

  private func row(_ record: VersionRecord, versions: Int?) -> Row {
    Row(
      name: record.name, version: record.version, digest: record.image.digest.description, created: record.created,
      runtime: record.runtime.kind, versions: versions, metrics: record.lineage.metrics)
  }
}
