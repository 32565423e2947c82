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

/// An input column of a model.
public struct FeatureSpec: Sendable, Equatable {
  public let name: String
  /// The texts of a categorical column, indexed by their code in the matrix; empty if the model has only codes; nil
  /// for a numeric column.
  public let categories: [String]?

  /// The datatype announced in the model's metadata.
  var datatype: Datatype { categories?.isEmpty == false ? .bytes : .fp32 }

  /// Describes an input; nil categories make it numeric.
  public init(name: String, categories: [String]? = nil) {
    self.name = name
    self.categories = categories
  }
}

/// An output of a model.
public struct OutputSpec: Sendable, Equatable {
  public let name: String
  /// Values per row.
  public let columns: Int

  /// Describes an output tensor of `columns` values per row.
  public init(name: String, columns: Int = 1) {
    self.name = name
    self.columns = columns
  }

  /// The tensor's shape for `rows` rows: `[n]` for one value per row, `[n, columns]` for more.
  func shape(rows: Int) -> [Int] { columns == 1 ? [rows] : [rows, columns] }
}
