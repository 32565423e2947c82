import OpzYAML

/// The section `features` of opz.yaml: the query that makes the model's columns in a database.
public struct FeaturesSection: Sendable, Hashable {
  /// A file with a query, below the project.
  public var sql: String?
  /// dbt's manifest with the compiled query of `model`, below the project.
  public var dbt: String?
  /// A model of dbt's manifest: `customer_features`.
  public var model: String?

  /// The section's keys.
  public static let keys = ["sql", "dbt", "model"]
  /// The query of a project that has no section.
  public static let usualFile = "features.sql"

  /// Creates a section.
  public init(sql: String? = nil, dbt: String? = nil, model: String? = nil) {
    self.sql = sql
    self.dbt = dbt
    self.model = model
  }

  /// Reads the section of a document; nil if it has none. Problems are reported to the document's `KeyProblems`.
  static func read(_ top: YAMLScope) -> FeaturesSection? {
    guard top.has("features") else { return nil }
    let scope = top.mapping("features", keys: keys)
    switch (scope.has("sql"), scope.has("dbt")) {
    case (true, true):
      scope.fail("dbt", "the query is in sql already", hint: "keep one of the two")
    case (false, false):
      scope.require("sql", hint: "write sql: features.sql, or dbt: target/manifest.json and model: NAME")
    case (false, true):
      scope.require("model", hint: "write model: customer_features, a model of dbt")
    case (true, false):
      if scope.has("model") {
        scope.fail("model", "it is a model of dbt, and no manifest is named", hint: "write dbt: target/manifest.json")
      }
    }
    return FeaturesSection(sql: scope.path("sql"), dbt: scope.path("dbt"), model: scope.text("model"))
  }
}
