/// One column that a model reads.
public struct FeatureSpec: Sendable, Equatable {
  public let name: String
  /// The texts of a categorical column, a text's index being its number in the matrix; nil for a numeric column.
  public let categories: [String]?

  public init(name: String, categories: [String]? = nil) {
    self.name = name
    self.categories = categories
  }
}
