import OpzFormats
import OpzModel

/// Formats a model's inputs and outputs for people.
struct SignatureText {
  private let format: ModelFormat
  private let model: Model

  init(_ loaded: LoadedModel) { (format, model) = (loaded.format, loaded.model) }

  var text: String {
    var head = TextTable([])
    head.add(["format", format.name])
    head.add(["objective", model.objective])
    head.add(["trees", String(model.treeCount)])
    for note in model.notes { head.add(["note", note]) }
    var inputs = TextTable(["INPUT", "KIND", "CATEGORIES"])
    for input in model.signature.inputs {
      switch input.kind {
      case .numeric: inputs.add([input.name, "numeric"])
      case .text: inputs.add([input.name, "text"])
      case .categorical(let values):
        let list = values.prefix(6).joined(separator: ", ") + (values.count > 6 ? ", .. (\(values.count))" : "")
        inputs.add([input.name, "categorical", values.isEmpty ? "codes from 0" : list])
      }
    }
    var outputs = TextTable(["OUTPUT", "COLUMNS"], right: [1])
    for output in model.signature.outputs { outputs.add([output.name, String(output.columns)]) }
    return head.text + "\n" + inputs.text + "\n" + outputs.text
  }
}
