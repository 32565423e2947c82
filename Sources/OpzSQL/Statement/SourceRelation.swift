/// What a model's columns are read from.
public enum SourceRelation: Sendable, Hashable {
  case table(TableName)
  case query(FeatureQuery)
  /// Rows of a query that whoever runs the statement wrote himself.
  case rows(QueryText)

  /// A table by its name.
  /// - Throws: `SQLError.badOption` for what is no name.
  public init(table: String) throws { self = .table(try TableName(parsing: table)) }

  /// What stands behind `FROM`.
  public func text(_ dialect: SQLDialect) -> String {
    switch self {
    case .table(let name): name.text(dialect)
    // The query may end in a comment.
    case .query(let query): "(\n\(query.text)\n) \(dialect.quoted("opz_features"))"
    case .rows(let query): query.table(dialect.quoted("opz_rows"))
    }
  }

  /// For people.
  public var title: String {
    switch self {
    case .table(let name): name.parts.joined(separator: ".")
    case .query: "the features' query"
    case .rows: "the query"
    }
  }

  /// The table's name, or nothing.
  var parts: [String] { if case .table(let name) = self { name.parts } else { [] } }
}
