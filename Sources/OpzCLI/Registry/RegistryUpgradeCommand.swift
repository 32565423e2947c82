import ArgumentParser
import OpzFlow
import OpzIO
import OpzRegistry

struct RegistryUpgradeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade", abstract: "Changes a registry of format 1 to format 2.",
    discussion: """
      In format 2, programs of different versions share a registry: what a later opz writes is kept and passed over by an earlier one. An opz that \
      reads only format 1 does not open it any more, so update all that share the registry first. New registries have format 2.

      One file, registry.json, is replaced; versions and events stay as they are. --revert puts format 1 back, until something was written that \
      only readers of format 2 read.

      opz registry upgrade --dry-run
      opz registry upgrade
      opz registry upgrade --revert
      """)

  @Flag(help: "Put format 1 back.") var revert = false
  @Flag(name: .customLong("dry-run"), help: "Say what would be done, and change nothing.") var dryRun = false
  @Flag(help: "An object: path, from, to, models, events, obstacles, dryRun.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let path: String
    let from: Int
    let to: Int
    let models: Int
    let events: Int
    let obstacles: [String]
    let dryRun: Bool
  }

  func run() async throws {
    let registry = try options.session().openRegistry()
    let (format, isDryRun) = (revert ? 1 : 2, dryRun)
    let change = try await blocking { try registry.changeFormat(to: format, isDryRun: isDryRun) }
    if json {
      return try Console.json(
        Output(
          path: registry.root.string, from: change.from, to: change.to, models: change.models, events: change.events,
          obstacles: change.obstacles, dryRun: dryRun))
    }
    guard change.isChange else { return Console.line("the registry has format \(change.to) already") }
    guard change.obstacles.isEmpty else {
      for obstacle in change.obstacles { Console.line(obstacle) }
      return Console.line("the registry would stay at format \(change.from): what is listed needs it")
    }
    let counts = [(change.models, "model"), (change.events, "event")].map { "\($0) \($1)\($0 == 1 ? "" : "s")" }
    Console.line(
      "format \(change.from) -> \(change.to)\(dryRun ? " (dry run)" : ""); \(counts.joined(separator: " and ")) stay as they are"
    )
    if change.to == 2 {
      options.note(
        "an opz that reads only format 1 \(dryRun ? "would not open" : "does not open") the registry any more; opz registry upgrade --revert goes back"
      )
    }
  }
}
