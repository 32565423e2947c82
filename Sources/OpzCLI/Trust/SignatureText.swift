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
    if !model.classes.isEmpty { head.add(["classes", SignatureText.list(model.classes)]) }
    for note in model.notes { head.add(["note", note]) }
    var inputs = TextTable(["INPUT", "KIND", "CATEGORIES"])
    let used = model.usedInputs
    for (index, input) in model.signature.inputs.enumerated() {
      switch input.kind {
      case _ where !used.contains(index): inputs.add([input.name, "unused", "anything"])
      case .numeric: inputs.add([input.name, "numeric"])
      case .text: inputs.add([input.name, "text"])
      case .categorical(let values):
        inputs.add([input.name, "categorical", values.isEmpty ? "codes from 0" : SignatureText.list(values)])
      }
    }
    var outputs = TextTable(["OUTPUT", "COLUMNS"], right: [1])
    for output in model.signature.outputs { outputs.add([output.name, String(output.columns)]) }
    return head.text + "\n" + inputs.text + "\n" + outputs.text
  }

  /// The first texts of a list, in the order of their numbers.
  private static func list(_ texts: [String]) -> String {
    texts.prefix(6).joined(separator: ", ") + (texts.count > 6 ? ", .. (\(texts.count))" : "")
  }
}
