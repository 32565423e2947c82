/// An expression of SQL as data. Nothing is pasted: identifiers, literals and operators stay apart until a dialect
/// writes them.
public indirect enum SQLExpression: Sendable, Hashable {
  /// A column of the query below.
  case column(String)
  /// A number of a type; a float32 number is exactly representable in float32.
  case number(Double, SQLType)
  case text(String)
  case null
  /// The operands joined by an operator, from the left.
  case infix(SQLOperator, [SQLExpression])
  case call(SQLFunction, [SQLExpression])
  /// The value of the first condition that is true, else the last one.
  case cases([SQLCase], otherwise: SQLExpression)
  case cast(SQLExpression, SQLType)
  /// A text that compares by its bytes, whatever the column's collation.
  case bytes(SQLExpression)
  /// A number, with NULL for NaN where the database has NaN.
  case withoutNaN(SQLExpression)
  case isNull(SQLExpression)
  case isNotNull(SQLExpression)
  /// Whether the value is one of a list.
  case isOne(of: [SQLExpression], SQLExpression)
  /// Whether the value is none of a list; NULL for NULL.
  case isNone(of: [SQLExpression], SQLExpression)

  /// Whether writing it twice costs nothing.
  var isAtom: Bool {
    switch self {
    case .column, .number, .text, .null: true
    case .infix, .call, .cases, .cast, .bytes, .withoutNaN, .isNull, .isNotNull, .isOne, .isNone: false
    }
  }

  /// A float64 number.
  static func number(_ value: Double) -> SQLExpression { .number(value, .float64) }
}

/// A condition with the value where it is true.
public struct SQLCase: Sendable, Hashable {
  public var condition: SQLExpression
  public var value: SQLExpression

  /// Creates a case.
  public init(_ condition: SQLExpression, _ value: SQLExpression) {
    self.condition = condition
    self.value = value
  }
}

/// The types that a model's numbers and texts have in SQL. Whole numbers are float64 until they are put out.
public enum SQLType: Sendable, Hashable {
  case float32, float64, integer, text
}

/// Operators between two or more operands.
public enum SQLOperator: String, Sendable, Hashable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case equal = "="
  case notEqual = "<>"
  case and = "AND"
  case or = "OR"
}

/// Functions that dialects have under names of their own.
public enum SQLFunction: Sendable, Hashable {
  case absolute, exp, ln, sqrt, floor, ceiling, power
  /// The first that is not NULL.
  case coalesce
}
