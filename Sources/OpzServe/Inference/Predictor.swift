/// A model that the server can serve.
public protocol Predictor: Sendable {
  /// The model's format, as the protocol's `platform` has it: the format's name with `_` for `-`.
  var platform: String { get }
  /// The model's columns, in the order of its matrix.
  var features: [FeatureSpec] { get }
  /// The outputs, the default one first.
  var outputs: [OutputSpec] { get }

  /// Computes outputs of `rows` rows.
  /// - Parameters:
  ///   - matrix: row-major, `rows` x `features.count`; NaN is missing, a category is its code.
  ///   - outputs: indexes into `self.outputs`.
  /// - Returns: for each of `outputs`, `rows` x its columns values, row-major.
  func predict(_ matrix: [Float], rows: Int, outputs: [Int]) throws -> [[Float]]
}
