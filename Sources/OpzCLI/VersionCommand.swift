import ArgumentParser
import OpzFlow
import OpzIO

struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Prints opz's version, and with --json what it is made of.",
    discussion: """
      The JSON object has the program, opz-server and opz-hub, and each library with its version and its file: what a \
      report of a fault should name. opz doctor says what is missing.

      opz version
      opz version --json
      """)

  @Flag(help: "An object: version, platform, program, server, hub, libraries.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    if json {
      let environment = options.session().environment
      try Console.json(try await blocking { Installation(version: Opz.version, environment: environment) })
    } else {
      Console.data("opz \(Opz.version)\n")
    }
  }
}
