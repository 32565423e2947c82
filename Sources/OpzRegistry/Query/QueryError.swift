public import OpzIO

/// A query that cannot be read. It shows the query with a mark under the column.
public struct QueryError: ExplainedError, Equatable {
  public let query: String
  /// From 1, in characters.
  public let column: Int
  public let problem: String
  public let hint: String?

  init(_ query: String, _ column: Int, _ problem: String, hint: String? = nil) {
    self.query = query
    self.column = column
    self.problem = problem
    self.hint = hint ?? "opz help list describes the language"
  }

  public var subject: String { "--where, column \(column)" }
  public var reason: String {
    let shown = String(query.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    return "\(problem)\n  \(shown)\n  \(String(repeating: " ", count: column - 1))^"
  }
  public var category: ErrorCategory { .usage }
}
