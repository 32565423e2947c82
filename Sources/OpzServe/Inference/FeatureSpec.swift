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
