import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approves a version for an alias; opz promote counts it.",
    discussion: """
      The event names the approver (OPZ_ACTOR, or else the user), which is no proof: anyone can use any name. --key \
      attaches a signed statement, which approvals: {keys: [..]} in policy.yaml requires. Your own approval does not \
      count when you promote, however your name is spelled.

      opz approve churn@1.2.0 --for production --reason "looked at the errors by segment"
      opz approve churn@1.2.0 --for production --key ann.key
      """)

  @Argument(help: "NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Option(
    name: .customLong("for"), help: ArgumentHelp("The alias that it is approved for.", valueName: "alias"),
    completion: RegistryNames.aliases)
  var alias: String
  @Option(help: "The reason.") var reason: String?
  @OptionGroup var keys: KeyOptions
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let alias = try AliasName(parsing: alias)
    let result = try await ApproveVersion(version, for: alias, reason: reason, in: session)
      .run(registry, with: keys.privateKey(session))
    let signed = result.attached == nil ? "" : ", signed"
    Console.line("\(version.record.reference) approved for \(alias) by \(result.by)\(signed)")
  }
}
