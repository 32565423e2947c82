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
  @Option(help: "\(IterationsOption.help).")
  var iterations = ReadingOptions.Iterations.all
  @Flag(help: "An object: path, format, signature, classes, notes; or path, kind, parameters, tensors.") var json =
    false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let path: String
    let format: String
    let signature: JSONValue
    let classes: [String]?
    let notes: [String]?
  }

  func run() async throws {
    let session = options.session()
    switch try session.inspect(session.path(path), options: ReadingOptions(iterations: iterations)) {
    case .model(let loaded):
      guard json else { return Console.data(SignatureText(loaded).text) }
      let notes = loaded.model.notes
      try Console.json(
        Output(
          path: path, format: loaded.format.name, signature: try JSONValue(encoding: loaded.model.signature),
          classes: loaded.model.classes.isEmpty ? nil : loaded.model.classes, notes: notes.isEmpty ? nil : notes))
    case .description(let description):
      guard json else { return Console.data(DescriptionText(description).text) }
      try Console.json(DescriptionOutput(path: path, description))
    }
  }
}
