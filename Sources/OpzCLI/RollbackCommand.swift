import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Brings back what an alias named before, after proving that it is whole.",
    discussion: """
      Every blob of the version is read and checked first; where one is missing the alias stays. Again goes one further back.

      opz rollback churn --alias production
      """)

  @Argument(help: "The model's name.") var name: String
  @Option(help: "The alias.") var alias: String
  @Flag(help: "An object: name, alias, from, version.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let model = try ModelName(name)
    let change = try await RollBackAlias(model, try AliasName(parsing: alias), in: session).run(registry)
    if json {
      return try Console.json(
        AliasCommand.Output(
          name: model.description, alias: change.alias.description, from: change.from?.description,
          version: change.to?.description))
    }
    Console.line(AliasText.line(model, change))
  }
}
