import OpzModel
import SystemPackage

/// A model that OpzModel read, scored by the same `Scorer` as `opz score`.
struct ModelPredictor: Predictor {
  private let scorer: Scorer

  init(_ model: Model) { scorer = Scorer(model) }

  /// - Throws: `ModelError` for a file that is no model.
  static func load(_ path: FilePath) throws -> ModelPredictor { ModelPredictor(try Model.load(path)) }

  /// What a model is called that nobody named: its file's name without the ending, its directory's name otherwise.
  static func name(of path: FilePath) -> String {
    let stem = path.lexicallyNormalized().lastComponent?.stem ?? "model"
    return stem == "models" ? "model" : stem
  }

  var platform: String { scorer.model.format.rawValue.replacing("-", with: "_") }

  var features: [FeatureSpec] {
    scorer.model.signature.inputs.map { input in
      guard case .categorical(let values) = input.kind, !values.isEmpty else { return FeatureSpec(name: input.name) }
      return FeatureSpec(name: input.name, categories: values)
    }
  }

  var outputs: [OutputSpec] {
    scorer.model.signature.outputs.map { OutputSpec(name: $0.name, columns: $0.columns) }
  }

  func predict(_ matrix: [Float], rows: Int, outputs: [Int]) throws -> [[Float]] {
    let margins = scorer.margins(matrix, rows: rows)
    return outputs.map { $0 == 0 ? scorer.predictions(ofMargins: margins) : margins }
  }
}
