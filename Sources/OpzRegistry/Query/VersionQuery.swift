public import OpzIO

/// A filter over versions: `metrics.auc > 0.9 and (tag.team = "crm" or alias = "production")`.
///
///     expression  = conjunction { "or" conjunction }
///     conjunction = negation { "and" negation }
///     negation    = [ "not" ] ( "(" expression ")" | comparison )
///     comparison  = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
///                 | field [ "not" ] "in" "(" value { "," value } ")"
///                 | field [ "not" ] "like" text        % any text, _ one character
///                 | field "is" [ "not" ] "null"
///     field       = name { "." name }                   a name is letters, digits, _ and -, or is quoted by backquotes
///     value       = number | text in "" or '' | true | false
///
/// Every comparison with a field that a version does not have is false, even `!=`; `is null` tests for it. Versions
/// compare as versions, times as times, numbers as numbers, other texts by their bytes.
public struct VersionQuery: Sendable, Equatable {
  /// The parsed filter, as a tree. `!=` is `Comparison.unequal`; `not in` and `not like` are wrapped in `not`.
  public indirect enum Expression: Sendable, Equatable {
    case or(Expression, Expression)
    case and(Expression, Expression)
    case not(Expression)
    case compare(Field, Comparison, QueryValue)
    case isIn(Field, [QueryValue])
    case like(Field, String)
    case isNull(Field)
  }

  /// A comparison operator. The raw value is its text in a query.
  public enum Comparison: String, Sendable, CaseIterable {
    case equal = "="
    case unequal = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
  }

  /// A field by its parts: `metrics`, `auc`.
  public typealias Field = [String]

  public let expression: Expression

  /// - Throws: `QueryError`, which names the column.
  public init(parsing text: String) throws {
    var parser = try QueryParser(text)
    expression = try parser.parse()
  }

  /// Whether a version matches.
  /// - Parameter values: returns all values of a field: several for aliases, none for a missing field.
  public func matches(_ values: (Field) -> [QueryValue]) -> Bool { VersionQuery.holds(expression, values) }

  private static func holds(_ expression: Expression, _ values: (Field) -> [QueryValue]) -> Bool {
    switch expression {
    case .or(let one, let other): holds(one, values) || holds(other, values)
    case .and(let one, let other): holds(one, values) && holds(other, values)
    case .not(let inner): !holds(inner, values)
    case .isNull(let field): values(field).isEmpty
    case .isIn(let field, let wanted): values(field).contains { value in wanted.contains { value.order($0) == .same } }
    case .like(let field, let pattern): values(field).contains { Self.like($0.text, pattern) }
    case .compare(let field, .unequal, let wanted):
      !values(field).isEmpty && values(field).allSatisfy { $0.order(wanted) != .same }
    case .compare(let field, let comparison, let wanted):
      values(field).contains { compare($0.order(wanted), comparison) }
    }
  }

  private static func compare(_ order: QueryValue.Order?, _ comparison: Comparison) -> Bool {
    switch (comparison, order) {
    case (.equal, .same?), (.less, .before?), (.greater, .after?), (.lessOrEqual, .before?), (.lessOrEqual, .same?),
      (.greaterOrEqual, .after?), (.greaterOrEqual, .same?):
      true
    default: false
    }
  }

  /// SQL's LIKE, ignoring case. Only the last `%` is retried, so the time is at most the product of the lengths.
  static func like(_ text: String, _ pattern: String) -> Bool {
    let text = Array(text.lowercased()), pattern = Array(pattern.lowercased())
    var (at, wanted) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while at < text.count {
      if wanted < pattern.count, pattern[wanted] == "%" {
        star = (wanted, at)
        wanted += 1
      } else if wanted < pattern.count, pattern[wanted] == "_" || pattern[wanted] == text[at] {
        at += 1
        wanted += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        (at, wanted) = (last.text + 1, last.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[wanted...].allSatisfy { $0 == "%" }
  }

  /// The fields in the query.
  public var fields: [Field] { VersionQuery.fields(expression) }

  private static func fields(_ expression: Expression) -> [Field] {
    switch expression {
    case .or(let one, let other), .and(let one, let other): fields(one) + fields(other)
    case .not(let inner): fields(inner)
    case .compare(let field, _, _), .isIn(let field, _), .like(let field, _), .isNull(let field): [field]
    }
  }
}

/// A syntax error in a query. The message shows the query with a mark under the column.
public struct QueryError: ExplainedError, Equatable {
  public let query: String
  /// In characters, starting at 1.
  public let column: Int
  public let problem: String
  public let hint: String?

  init(_ query: String, _ column: Int, problem: String, hint: String? = nil) {
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
