import OpzModel
import OpzWire

/// Converts an ONNX file to a `Model` that scores as ONNX Runtime does, which is not always what the training library
/// computes: converters round and leave out what ONNX cannot say.
struct ONNXReader {
  /// The versions of the operator sets that are read.
  static let versions: [String: ClosedRange<Int64>] = ["": 1...28, "ai.onnx.ml": 1...5]

  /// What helps where opz does not score a model.
  static let otherwise = "a Python worker runs it: opz init writes runtime: {kind: python}"

  private let document: ONNXDocument
  private let name: String

  static func read(_ bytes: [UInt8], name: String) throws -> Model {
    do {
      return try ONNXReader(document: try ONNXDocument(try WireReader(bytes)), name: name).model()
    } catch let failure as WireFailure {
      throw ModelError(
        .damaged, "\(name): byte \(failure.offset)", reason: failure.reason,
        hint: "save the model again; the file may be cut off")
    }
  }

  private func model() throws -> Model {
    guard document.hasGraph, !document.outputs.isEmpty else {
      throw ModelError(.damaged, name, reason: "it has no graph with outputs", hint: "save the model again")
    }
    let nodes = try neededNodes()
    try checkVersions(nodes)
    let inputs = try ONNXInputs(document, nodes, name: name)
    var translation = ONNXTranslation(
      builder: try ModelBuilder(name: name, inputs: inputs.columns), document: document, values: inputs.values,
      name: name)
    for node in nodes {
      let operation = ONNXOperators.all[node.operatorName]
      let results = try operation?(&translation, node) ?? []
      for (output, value) in zip(node.outputs, results) where !output.isEmpty {
        if case .rows(let rows) = value { try translation.spend(rows.width, node) }
        guard translation.values.updateValue(value, forKey: output) == nil else {
          throw translation.damaged(node, "its output \(output.prefix(80)) exists already")
        }
      }
    }
    return try ONNXOutputs(document, nodes).finish(translation)
  }

  /// The nodes that outputs depend on, in the file's order, which is topological.
  private func neededNodes() throws -> [ONNXNode] {
    var needed = Set(document.outputs.map(\.name))
    var nodes: [ONNXNode] = []
    for node in document.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
      nodes.append(node)
    }
    nodes.reverse()
    let refused = nodes.filter { ONNXOperators.all[$0.operatorName] == nil }
    guard let first = refused.first else { return nodes }
    var known: Set<String> = []
    let missing = refused.map(\.operatorName).filter { known.insert($0).inserted }
    let all = missing.prefix(40).map { String($0.prefix(60)) }.joined(separator: ", ")
    throw ModelError(
      .unsupported, "\(name): \(first.label)",
      reason: "the operator \(first.operatorName.prefix(60)) is not one that opz scores; the model needs \(all)",
      hint: ONNXReader.otherwise)
  }

  private func checkVersions(_ nodes: [ONNXNode]) throws {
    for domain in Set(nodes.map(\.domain)).sorted() {
      guard let version = document.operatorSets[domain] else {
        throw ModelError(
          .damaged, name, reason: "it does not say which version of \(domain.isEmpty ? "ai.onnx" : domain) it uses",
          hint: "save the model again")
      }
      guard let known = ONNXReader.versions[domain], known.contains(version) else {
        throw ModelError(
          .unsupported, name,
          reason: "version \(version) of \(domain.isEmpty ? "ai.onnx" : domain) is not one that opz scores",
          hint: "convert the model with a lower target_opset")
      }
    }
  }
}
