import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Shows what happened to a model, newest first.",
    discussion: """
      opz history churn
      opz history churn --alias production     what was in production, and who moved it
      opz history churn --json | jq '.[] | select(.kind == "promoted") | .details.gates'
      """)

  @Argument(help: "The model's name, or NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Option(help: "Only moves of this alias.", completion: RegistryNames.aliases) var alias: String?
  @Option(help: ArgumentHelp("The maximum number of events.", valueName: "n")) var limit: Int?
  @Flag(help: "An array of events, each with its hash.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let registry = try options.session().openRegistry()
    let found = try LocalReference(parsing: reference)
    let log = registry.log(found.name)
    var entries = try log.entries()
    if entries.isEmpty { _ = try registry.find(found) }
    if case .version(let version) = found.selector {
      entries = entries.filter { $0.event.version == version.description }
    }
    if let alias { entries = entries.filter { $0.event.alias?.name == alias } }
    let rows = entries.reversed().prefix(max(0, limit ?? .max))
    if json {
      return try Console.json(
        try rows.map { try log.json(of: $0).merging(["hash": .string($0.hash)]) { _, new in new } })
    }
    guard !rows.isEmpty else { return options.note("no events yet") }
    var table = TextTable(["WHEN", "WHAT", "VERSION", "WHO", "DETAILS"])
    for row in rows {
      let event = row.event
      let subject = event.alias.map { "\($0.name) " } ?? ""
      table.add([
        String(event.at.prefix(19)) + "Z", event.kind.rawValue, event.version, event.actor,
        subject + VersionText.details(event),
      ])
    }
    Console.data(table.text)
  }
}
