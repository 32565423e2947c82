import OpzModel

/// Formats a model's inputs and outputs for people.
struct SignatureText {
  let model: Model

  var text: String {
    var head = TextTable([])
    head.add(["format", model.format.rawValue])
    head.add(["objective", model.objective.name])
    head.add(["trees", String(model.treeCount)])
    var inputs = TextTable(["INPUT", "KIND", "CATEGORIES"])
    for input in model.signature.inputs {
      switch input.kind {
      case .numeric: inputs.add([input.name, "numeric"])
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
