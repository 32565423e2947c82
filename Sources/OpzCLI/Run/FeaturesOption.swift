import ArgumentParser
import OpzFlow
import OpzSQL

/// Where a model's columns come from: a table, a query in a file, or the query of the model's version or project.
struct FeaturesOption: ParsableArguments {
  @Option(help: ArgumentHelp("The table with the model's inputs.", valueName: "table")) var table: String?
  @Option(
    help: ArgumentHelp(
      "A file with a query that makes them, in the table's place; the version's own query if neither is there.",
      valueName: "file"), completion: .file(extensions: ["sql"])) var features: String?

  func validate() throws {
    guard table == nil || features == nil else { throw ValidationError("--table and --features: one of the two") }
  }

  /// The query; nil where a table is named, and where there is none.
  func query(_ operand: ModelOperand, _ session: Session) async throws -> FeatureQuery? {
    if let features { return try await ModelOperand.features(features, in: session) }
    return table == nil ? try await operand.features() : nil
  }

  /// The query, or the table.
  /// - Throws: `ValidationError` if neither is there.
  func source(_ operand: ModelOperand, _ session: Session) async throws -> SourceRelation {
    let query = try await query(operand, session)
    guard query != nil || table != nil else { throw FeaturesOption.missing }
    return try SourceRelation(table: table ?? "", features: query)
  }

  static var missing: ValidationError {
    ValidationError("--table TABLE is missing, and the model has no query (features.sql) that makes its columns")
  }
}
