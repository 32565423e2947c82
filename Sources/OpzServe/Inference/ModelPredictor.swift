import OpzFormats
import OpzModel
import SystemPackage

/// A model read by OpzFormats, scored by the same `Scorer` as `opz score`.
struct ModelPredictor: Predictor {
  private let scorer: Scorer
  let platform: String
  let features: [FeatureSpec]
  let outputs: [OutputSpec]

  init(_ loaded: LoadedModel) {
    let model = loaded.model
    scorer = Scorer(model)
    platform = loaded.format.name.replacing("-", with: "_")
    features = model.signature.inputs.map { input in
      guard case .categorical(let values) = input.kind else { return FeatureSpec(name: input.name) }
      return FeatureSpec(name: input.name, categories: values)
    }
    outputs = model.signature.outputs.map { OutputSpec(name: $0.name, columns: $0.columns) }
  }

  /// The default name of a model: its file's name without the extension, or its directory's name.
  static func name(of path: FilePath) -> String {
    let stem = path.lexicallyNormalized().lastComponent?.stem ?? "model"
    return stem == "models" ? "model" : stem
  }

  func predict(_ matrix: [Float], rows: Int, outputs: [Int]) throws -> [[Float]] {
    let kinds = outputs.map { scorer.model.outputs[$0].kind }
    return try scorer.score(Rows(matrix, count: rows), kinds).outputs.map(\.floats)
  }
}
