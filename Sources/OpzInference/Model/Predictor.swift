public import OpzModel

/// A model that the server can serve.
public protocol Predictor: Sendable {
  /// The model's format, as the protocol's `platform` has it: the format's name with `_` for `-`.
  var platform: String { get }
  /// The model's columns, in the order of its matrix.
  var features: [FeatureSpec] { get }
  /// The outputs, the default one first.
  var outputs: [OutputSpec] { get }

  /// Computes outputs of rows.
  /// - Parameters:
  ///   - rows: a column for each of `features`; NaN is missing, a category is its code.
  ///   - outputs: indexes into `self.outputs`.
  /// - Returns: for each of `outputs`, `rows` x its columns values, row-major.
  func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage]
}

/// An input column of a model.
public struct FeatureSpec: Sendable, Equatable {
  public let name: String
  /// The texts of a categorical column, indexed by their code in the matrix; empty if the model has only codes; nil
  /// for another column.
  public let categories: [String]?
  /// What becomes of a text that is not in `categories`.
  public let unseen: Model.Unseen
  /// The type of a column that is not categorical.
  public let element: ElementType
  /// Whether the model reads the column. One that it does not read may have anything.
  public let isUsed: Bool

  /// The datatype announced in the model's metadata.
  package var datatype: Datatype { categories?.isEmpty == false ? .bytes : Datatype(element) }

  /// Describes an input; nil categories make it one of `element`.
  public init(
    name: String, categories: [String]? = nil, unseen: Model.Unseen = .refused, element: ElementType = .float32,
    isUsed: Bool = true
  ) {
    self.name = name
    self.categories = categories
    self.unseen = unseen
    self.element = element
    self.isUsed = isUsed
  }
}

/// An output of a model.
public struct OutputSpec: Sendable, Equatable {
  public let name: String
  /// Values per row.
  public let columns: Int
  public let element: ElementType
  /// The most bytes of a value as JSON, with a comma.
  let textBytes: Int

  /// Describes an output tensor of `columns` values per row.
  /// - Parameter longest: bytes of the longest text of an output of texts.
  public init(name: String, columns: Int = 1, element: ElementType = .float32, longest: Int = 0) {
    self.name = name
    self.columns = columns
    self.element = element
    textBytes =
      switch element {
      // `-1.1754944e-38`, `-2.2250738585072014e-308`, `-9007199254740992.0`.
      case .float32: 16
      case .float64, .integer: 26
      // Each byte may become an escape of six.
      case .text: longest.times(6).plus(3)
      }
  }

  /// The tensor's shape for `rows` rows: `[n]` for one value per row, `[n, columns]` for more.
  package func shape(rows: Int) -> [Int] { columns == 1 ? [rows] : [rows, columns] }
}

extension Datatype {
  /// The datatype of the numbers or texts of a model.
  package init(_ element: ElementType) {
    self =
      switch element {
      case .float32: .fp32
      case .float64: .fp64
      case .integer: .int64
      case .text: .bytes
      }
  }
}
