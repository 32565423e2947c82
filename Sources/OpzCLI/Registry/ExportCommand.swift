import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes files for other tools.",
    discussion: """
      The registry's index.json lists aliases and the newest versions, so that updating it stays fast. --index adds \
      every version to it, for skopeo, umoci and podman.

      opz export --index
      """)

  @Flag(help: "List all versions and aliases in the registry's index.json.") var index = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard index else { throw ValidationError("nothing to export: use --index") }
  }

  func run() async throws {
    let count = try options.session().openRegistry().exportWholeIndex()
    Console.line("index.json lists \(count) versions and aliases")
  }
}
