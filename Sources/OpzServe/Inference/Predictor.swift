/// A model that the server can serve.
public protocol Predictor: Sendable {
  /// What the model's file is, in the words of the protocol's `platform`: `xgboost_json`.
  var platform: String { get }
  /// The model's columns, in the order of its matrix.
  var features: [FeatureSpec] { get }
  /// What it computes, the most asked for first.
  var outputs: [OutputSpec] { get }

  /// The outputs of `rows` rows.
  /// - Parameters:
  ///   - matrix: row-major, `rows` x `features.count`; missing is NaN, a category its index.
  ///   - outputs: positions in `self.outputs`.
  /// - Returns: for each of `outputs`, `rows` x its columns values, row-major.
  func predict(_ matrix: [Float], rows: Int, outputs: [Int]) throws -> [[Float]]
}
