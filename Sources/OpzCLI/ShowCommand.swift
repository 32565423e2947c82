import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a version: digests, files, lineage, events.",
    discussion: """
      opz show churn            the newest version
      opz show churn@1.0.0
      opz show churn@1.0.0 --files
      opz show churn@1.0.0 --json | jq .lineage.metrics
      """)

  @Argument(help: "NAME, NAME@VERSION or NAME@sha256:...") var reference: String
  @Flag(help: "All files of the image that opz put there; an array with --json.") var files = false
  @Flag(help: "An object: the record with digest and events.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let record: VersionRecord
    let lineage: Lineage
    let events: [Event]
    let versions: [String]
  }

  func run() async throws {
    let registry = try options.session().openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    if files {
      let all = try await registry.files(of: version.record)
      return json ? try Console.json(all) : Console.data(FileText.table(all))
    }
    let events = try registry.log(version.name).entries().map(\.event).filter { $0.version == version.record.version }
    let versions = try registry.versions(version.name).reversed().map(\.description)
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: version.record.image.digest.description,
          record: version.record, lineage: version.record.lineage, events: events, versions: versions))
    }
    Console.data(VersionText(record: version.record, events: events, versions: versions).text)
  }
}
