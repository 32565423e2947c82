import ArgumentParser
import OpzFlow
import OpzFormats
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
      opz inspect model.safetensors
      """)

  @Argument(help: "A model's file or directory.", completion: .file()) var path: String
  @Flag(help: "An object: path, format, signature; or path, kind, parameters, tensors.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let path: String
    let format: String
    let signature: JSONValue
    let notes: [String]?
  }

  func run() async throws {
    let session = options.session()
    switch try session.inspect(session.path(path)) {
    case .model(let loaded):
      guard json else { return Console.data(SignatureText(loaded).text) }
      let notes = loaded.model.notes
      try Console.json(
        Output(
          path: path, format: loaded.format.name, signature: try JSONValue(encoding: loaded.model.signature),
          notes: notes.isEmpty ? nil : notes))
    case .description(let description):
      guard json else { return Console.data(DescriptionText(description).text) }
      try Console.json(DescriptionOutput(path: path, description))
    }
  }
}
