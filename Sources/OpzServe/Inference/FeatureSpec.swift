/// One column that a model reads.
public struct FeatureSpec: Sendable, Equatable {
  public let name: String
  /// The texts of a categorical column, a text's index being its code in the matrix; empty where the model knows codes
  /// only; nil for a numeric column.
  public let categories: [String]?

  /// What clients send by default.
  var datatype: Datatype { categories?.isEmpty == false ? .bytes : .fp32 }

  /// Describes an input; nil categories make it numeric.
  public init(name: String, categories: [String]? = nil) {
    self.name = name
    self.categories = categories
  }
}
