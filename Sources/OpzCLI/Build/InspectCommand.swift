import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows what a model is: its format, inputs and outputs.",
    discussion: """
      opz inspect examples/churn/model.json
      opz inspect model.json --json | jq '.signature.inputs[].name'
      """)

  @Argument(help: "A model's file, or a directory that holds one.", completion: .file()) var path: String
  @Flag(help: "An object: path, format, signature.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let path: String
    let format: String
    let signature: JSONValue
  }

  func run() async throws {
    let session = options.session()
    let loaded = try session.formats.load(session.path(path))
    if json {
      return try Console.json(
        Output(
          path: path, format: loaded.format.name, signature: try JSONValue(encoding: loaded.model.signature)))
    }
    Console.data(SignatureText(loaded).text)
  }
}
