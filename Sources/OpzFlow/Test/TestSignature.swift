import OpzModel

/// A column of a table of rows to score.
struct TestColumn: Sendable, Hashable {
  let name: String
  /// As the protocol calls it: `FP64`, `BYTES`.
  let datatype: String
}

/// What a table of expected results is compared with.
struct TestSignature: Sendable {
  struct Output: Sendable {
    let name: String
    let element: ElementType
    /// Values for a row; nil where only an answer says it.
    let width: Int?
  }

  let inputs: [TestColumn]
  let outputs: [Output]

  init(inputs: [TestColumn], outputs: [Output]) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Of a model that opz scores.
  init(_ model: Model) {
    inputs = model.signature.inputs.map { TestColumn(name: $0.name, datatype: $0.isText ? "BYTES" : "FP64") }
    outputs = model.outputs.map { output in
      let type = model.nodes[output.node].type
      return Output(name: output.kind.rawValue, element: type.element, width: type.width)
    }
  }
}

extension Signature.Feature {
  /// Whether the column takes text values.
  fileprivate var isText: Bool {
    switch kind {
    case .categorical(let values): !values.isEmpty
    case .text: true
    case .numeric: false
    }
  }
}
