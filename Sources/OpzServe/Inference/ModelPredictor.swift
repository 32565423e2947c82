import OpzModel
import SystemPackage

/// placeholder until the model module is merged
struct ModelPredictor: Predictor {
  var platform: String { "x" }
  var features: [FeatureSpec] { [] }
  var outputs: [OutputSpec] { [] }
  static func load(_ path: FilePath) throws -> ModelPredictor { ModelPredictor() }
  static func name(of path: FilePath) -> String { "model" }
  func predict(_ matrix: [Float], rows: Int, outputs: [Int]) throws -> [[Float]] { [] }
}
