import ArgumentParser
import OpzFlow
import OpzSQL

/// Where a model's inputs come from: a table, a query in a file, or the query of the model's version or project; and
/// their columns there.
struct FeaturesOption: ParsableArguments {
  @Option(help: ArgumentHelp("The table with the model's inputs.", valueName: "table")) var table: String?
  @Option(
    help: ArgumentHelp(
      "A file with a query that makes them, in the table's place; the version's own query if neither is there.",
      valueName: "file"), completion: .file(extensions: ["sql"])) var features: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Read an input of the model from a column of another name; may be repeated.", valueName: "input=column"))
  var columns: [String] = []

  func validate() throws {
    guard table == nil || features == nil else { throw ValidationError("--table and --features: one of the two") }
  }

  /// The table or the query; nil if neither is there.
  func found(_ operand: ModelOperand, _ session: Session) async throws -> SourceRelation? {
    if let table { return try SourceRelation(table: table) }
    if let features { return .query(try await ModelOperand.features(features, in: session)) }
    return try await operand.features().map { .query($0) }
  }

  /// The table or the query.
  /// - Throws: `ValidationError` if neither is there.
  func source(_ operand: ModelOperand, _ session: Session) async throws -> SourceRelation {
    if let source = try await found(operand, session) { return source }
    throw ValidationError(
      "--table TABLE is missing, and the model has no query (features.sql) that makes its columns")
  }
}
