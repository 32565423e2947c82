import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct RuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runtime", abstract: "Shows or imports the runtime of native images.",
    discussion: """
      Native images are based on opz-runtime, which the registry pins by digest: a new opz affects no version until \
      you import its opz-server.

      opz runtime
      opz runtime import /usr/local/bin/opz-server
      """,
    subcommands: [Show.self, Import.self], defaultSubcommand: Show.self)

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the pinned runtimes.")

    @Flag(help: "An array of objects: platform, digest, formats, graph.") var json = false
    @OptionGroup var options: GlobalOptions

    struct Row: Encodable {
      let platform: String
      let digest: String
      let formats: [String]
      let graph: Int
    }

    func run() async throws {
      let session = options.session()
      let rows = try await RuntimeImport.pinned(in: session).map {
        Row(
          platform: $0.platform.description, digest: $0.image.digest.description, formats: $0.reads.formats,
          graph: $0.reads.graph)
      }
      if json { return try Console.json(rows) }
      var table = TextTable(["PLATFORM", "DIGEST", "READS"])
      for row in rows { table.add([row.platform, row.digest, row.formats.joined(separator: ", ")]) }
      Console.data(table.text)
    }
  }

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Imports a static opz-server, or an opz-runtime image, and pins it.",
      discussion: "opz runtime import .build/dist/opz-server\nopz runtime import oci:runtime-arm64")

    @Argument(help: "An opz-server program, or oci:DIR[:TAG].") var source: String
    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let session = options.session()
      let results: [RuntimeImport.Result]
      if source.hasPrefix("oci:") {
        let (directory, tag) = Transport.layout(source)
        results = try await RuntimeImport.layout(session.path(directory), tag: tag, in: session)
      } else {
        results = [try await RuntimeImport.program(session.path(source), in: session)]
      }
      for result in results {
        Console.line("\(result.platform)  \(result.image.digest)")
        if let previous = result.previous, previous.digest != result.image.digest {
          options.note("it replaces \(previous.digest); existing versions keep theirs")
        }
      }
    }
  }
}
