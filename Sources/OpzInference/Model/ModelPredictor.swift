package import OpzFormats
package import OpzModel
import OpzScoring
package import SystemPackage

/// A model read by OpzFormats, scored by the same `Scorer` as `opz score`.
package struct ModelPredictor: Predictor {
  private let scorer: Scorer
  package let platform: String
  package let features: [FeatureSpec]
  package let outputs: [OutputSpec]

  package init(_ loaded: LoadedModel) {
    let model = loaded.model
    scorer = Scorer.compiled(model)
    platform = loaded.format.name.replacing("-", with: "_")
    let used = model.usedInputs
    features = model.inputs.enumerated().map { index, input in
      switch input.kind {
      case .categorical(let texts, let unseen): FeatureSpec(name: input.name, categories: texts, unseen: unseen)
      case .number(let element): FeatureSpec(name: input.name, element: element)
      case .text: FeatureSpec(name: input.name, element: .text, isUsed: used.contains(index))
      }
    }
    let longest = ModelPredictor.longestText(model)
    outputs = model.outputs.map { output in
      let type = model.nodes[output.node].type
      return OutputSpec(name: output.kind.rawValue, columns: type.width, element: type.element, longest: longest)
    }
  }

  /// Bytes of the longest text that a model puts out.
  private static func longestText(_ model: Model) -> Int {
    let tables = model.nodes.compactMap { if case .lookUp(let table) = $0.operation { table } else { nil } }
    let entries = tables.flatMap { $0.values + [$0.otherwise, $0.missing].compactMap { $0 } }
    let texts = entries.compactMap { if case .text(let text) = $0 { text } else { nil } }
    return (texts + model.classes).map(\.utf8.count).max() ?? 0
  }

  /// The default name of a model: its file's name without the extension, or its directory's name.
  package static func name(of path: FilePath) -> String {
    let stem = path.lexicallyNormalized().lastComponent?.stem ?? "model"
    return stem == "models" ? "model" : stem
  }

  package func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage] {
    let result = try scorer.score(rows, outputs.map { scorer.model.outputs[$0].kind })
    if let (row, reason) = result.refused.min(by: { $0.key < $1.key }) {
      throw RequestFailure.bad("row \(row): \(reason)")
    }
    return result.outputs.map(\.storage)
  }
}
