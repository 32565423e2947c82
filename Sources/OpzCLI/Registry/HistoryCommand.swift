import ArgumentParser
import OpzFlow
import OpzIO
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

  @Argument(help: "The model's name, or NAME@VERSION.") var reference: String
  @Option(help: "Only moves of this alias.") var alias: String?
  @Option(help: ArgumentHelp("The maximum number of events.", valueName: "n")) var limit: Int?
  @Flag(help: "An array of events, each with its hash.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Row: Encodable {
    let hash: String
    let event: Event

    func encode(to encoder: any Encoder) throws {
      try event.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(hash, forKey: .hash)
    }

    enum Key: CodingKey { case hash }
  }

  func run() async throws {
    let registry = try options.session().openRegistry()
    let found = try LocalReference(parsing: reference)
    var entries = try registry.log(found.name).entries()
    if entries.isEmpty { _ = try registry.find(found) }
    if case .version(let version) = found.selector {
      entries = entries.filter { $0.event.version == version.description }
    }
    if let alias { entries = entries.filter { $0.event.alias?.name == alias } }
    let rows = entries.reversed().prefix(max(0, limit ?? .max)).map { Row(hash: $0.hash, event: $0.event) }
    if json { return try Console.json(rows) }
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
