import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approves a version for an alias; opz promote counts it.",
    discussion: """
      The event names who approved (OPZ_ACTOR, else the user). One's own approval does not count for one's own promotion.

      opz approve churn@1.2.0 --for production --reason "looked at the errors by segment"
      """)

  @Argument(help: "NAME@VERSION.") var reference: String
  @Option(name: .customLong("for"), help: ArgumentHelp("The alias that it is approved for.", valueName: "alias"))
  var alias: String
  @Option(help: "Why.") var reason: String?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    var details: [String: JSONValue] = ["alias": .string(try AliasName(parsing: alias).description)]
    details["reason"] = reason.map { .string($0) }
    try registry.note(.approved, version, by: session.author, details: details)
    Console.line("\(version.record.reference) approved for \(alias) by \(session.author.actor)")
  }
}
