extension SQLExpression {
  /// The columns that it reads.
  var columns: Set<String> {
    var found: Set<String> = []
    collect(&found)
    return found
  }

  private func collect(_ found: inout Set<String>) {
    switch self {
    case .column(let name): found.insert(name)
    case .number, .text, .null: break
    case .infix(_, let operands), .call(_, let operands): for operand in operands { operand.collect(&found) }
    case .cases(let cases, let otherwise):
      for item in cases {
        item.condition.collect(&found)
        item.value.collect(&found)
      }
      otherwise.collect(&found)
    case .cast(let operand, _), .bytes(let operand), .withoutNaN(let operand), .isNull(let operand),
      .isNotNull(let operand):
      operand.collect(&found)
    case .isOne(let list, let operand), .isNone(let list, let operand):
      operand.collect(&found)
      for item in list { item.collect(&found) }
    }
  }

  static func + (first: SQLExpression, second: SQLExpression) -> SQLExpression { .infix(.add, [first, second]) }
  static func - (first: SQLExpression, second: SQLExpression) -> SQLExpression { .infix(.subtract, [first, second]) }
  static func * (first: SQLExpression, second: SQLExpression) -> SQLExpression { .infix(.multiply, [first, second]) }
  static func / (first: SQLExpression, second: SQLExpression) -> SQLExpression { .infix(.divide, [first, second]) }
  static func < (first: SQLExpression, second: SQLExpression) -> SQLExpression { .infix(.less, [first, second]) }
  static func > (first: SQLExpression, second: SQLExpression) -> SQLExpression { .infix(.greater, [first, second]) }
  static func <= (first: SQLExpression, second: SQLExpression) -> SQLExpression {
    .infix(.lessOrEqual, [first, second])
  }
  static func >= (first: SQLExpression, second: SQLExpression) -> SQLExpression {
    .infix(.greaterOrEqual, [first, second])
  }

  static func equal(_ first: SQLExpression, _ second: SQLExpression) -> SQLExpression {
    .infix(.equal, [first, second])
  }

  /// A comparison with a number. Where that is infinite, it is written without it: many databases have no such literal.
  static func compare(_ column: SQLExpression, _ comparison: SQLOperator, with number: Double) -> SQLExpression {
    let greatest = Double.greatestFiniteMagnitude
    let always = SQLExpression.equal(column, column)
    let never = SQLExpression.infix(.notEqual, [column, column])
    switch (comparison, number) {
    case (.lessOrEqual, .infinity), (.greaterOrEqual, -.infinity): return always
    case (.greater, .infinity), (.less, -.infinity): return never
    case (.less, .infinity), (.notEqual, .infinity): return column <= .number(greatest)
    case (.greaterOrEqual, .infinity), (.equal, .infinity): return column > .number(greatest)
    case (.lessOrEqual, -.infinity), (.equal, -.infinity): return column < .number(-greatest)
    case (.greater, -.infinity), (.notEqual, -.infinity): return column >= .number(-greatest)
    default: return .infix(comparison, [column, .number(number)])
    }
  }

  /// The conditions, all of which have to hold.
  static func all(_ conditions: [SQLExpression]) -> SQLExpression {
    conditions.count == 1 ? conditions[0] : .infix(.and, conditions)
  }

  /// The conditions, one of which has to hold.
  static func any(_ conditions: [SQLExpression]) -> SQLExpression {
    conditions.count == 1 ? conditions[0] : .infix(.or, conditions)
  }

  /// One value where a condition is true, and another where it is false or NULL.
  static func choose(_ condition: SQLExpression, _ value: SQLExpression, else other: SQLExpression) -> SQLExpression {
    .cases([SQLCase(condition, value)], otherwise: other)
  }
}
