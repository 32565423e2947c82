import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

struct TagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Sets the tags or the model card of a version.",
    discussion: """
      Tags override those of opz.yaml; opz list --where finds them. The card is markdown; opz show prints it.

      opz tag churn@1.2.0 reviewed=yes team=crm
      opz tag churn@1.2.0 --remove reviewed
      opz tag churn@1.2.0 --card MODEL_CARD.md
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.", completion: RegistryNames.references) var reference: String
  @Argument(help: "KEY=VALUE ..") var tags: [String] = []
  @Option(help: ArgumentHelp("Remove a tag; may be repeated.", valueName: "key")) var remove: [String] = []
  @Option(help: ArgumentHelp("A file with the model card.", valueName: "file")) var card: String?
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard !tags.isEmpty || !remove.isEmpty || card != nil else { throw ValidationError("name a tag: KEY=VALUE") }
    if let wrong = tags.first(where: { !$0.contains("=") }) { throw ValidationError("\(wrong): write KEY=VALUE") }
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    var changes: [String: String?] = [:]
    for key in remove { changes.updateValue(nil, forKey: key) }
    for tag in tags {
      let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      changes.updateValue(parts[1], forKey: parts[0])
    }
    if !changes.isEmpty { try registry.tag(version, changes, by: session.author) }
    if let card {
      let bytes = try SmallFile.read(session.path(card), limit: Registry.cardLimit)
      try registry.describe(version, bytes, by: session.author)
    }
    Console.line(version.record.reference)
  }
}
