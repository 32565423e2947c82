import OpzModel

extension ModelColumns {
  /// A function of one number.
  mutating func apply(
    _ function: Operation.Function, _ x: SQLExpression, element: ElementType
  ) throws -> SQLExpression {
    let one = SQLExpression.number(1)
    switch function {
    case .negate: return rounded(x * literal(-1, element), to: element)
    case .absolute: return stages.add(.call(.absolute, [x]))
    case .sqrt: return rounded(.choose(x >= .number(0), .call(.sqrt, [x]), else: .null), to: element)
    case .square: return rounded(x * x, to: element)
    case .reciprocal: return rounded(.choose(.infix(.notEqual, [x, .number(0)]), one / x, else: .null), to: element)
    case .floor: return stages.add(.call(.floor, [x]))
    case .ceil: return stages.add(.call(.ceiling, [x]))
    case .round: return nearest(x)
    case .sign:
      return stages.add(.cases([SQLCase(x > .number(0), one), SQLCase(x < .number(0), .number(-1))], otherwise: x))
    case .not: return stages.add(.choose(.equal(x, .number(0)), one, else: .number(0)))
    case .exp, .exp2, .log, .log1p, .expm1, .tanh, .sigmoid:
      notes.insert(.functions)
      let value = transcendental(function, wide(x))
      return element == .float32 ? narrowed(value) : stages.add(value)
    }
  }

  /// A number as float64: functions of float32 numbers are rounded once, at the end.
  mutating func wide(_ x: SQLExpression) -> SQLExpression {
    dialect.keepsFloat32 ? stages.add(.cast(x, .float64)) : x
  }

  private mutating func transcendental(_ function: Operation.Function, _ x: SQLExpression) -> SQLExpression {
    let (one, two) = (SQLExpression.number(1), SQLExpression.number(2))
    switch function {
    case .exp: return exponential(x)
    case .exp2: return .call(.power, [two, x])
    case .log: return .choose(x > .number(0), .call(.ln, [x]), else: .null)
    // Near 0 the sum or difference with 1 would lose the digits.
    case .log1p:
      let series = x - x * x / two + x * x * x / .number(3)
      return .cases(
        [SQLCase(.call(.absolute, [x]) < .number(1e-5), series), SQLCase(x > .number(-1), .call(.ln, [one + x]))],
        otherwise: .null)
    case .expm1:
      let series = x + x * x / two + x * x * x / .number(6)
      let power = exponential(x)
      return .choose(.call(.absolute, [x]) < .number(1e-5), series, else: power - one)
    case .tanh:
      let size = stages.add(.call(.absolute, [x]))
      let power = exponential(size * .number(-2))
      let value = stages.add((one - power) / (one + power))
      return .choose(x < .number(0), value * .number(-1), else: value)
    default: return logistic(x * .number(-1))
    }
  }

  /// `1 / (1 + exp(x))`: 0 where the power is infinite.
  private mutating func logistic(_ exponent: SQLExpression) -> SQLExpression {
    let one = SQLExpression.number(1)
    let x = stages.add(exponent)
    return .choose(x > .number(709), .number(0), else: one / (one + exponential(x)))
  }

  /// `exp(x)`, as a column: 0 and 1e308 where some databases would fail because a number is too small or too large.
  mutating func exponential(_ exponent: SQLExpression) -> SQLExpression {
    let x = stages.add(exponent)
    return stages.add(
      .cases(
        [SQLCase(x < .number(-708), .number(0)), SQLCase(x > .number(709), .number(1e308))],
        otherwise: .call(.exp, [x])))
  }

  /// The nearest whole number, the even one of two.
  private mutating func nearest(_ x: SQLExpression) -> SQLExpression {
    let up = stages.add(.call(.floor, [x + .number(0.5)]))
    let isHalf = SQLExpression.equal(up - x, .number(0.5))
    let isOdd = SQLExpression.infix(.notEqual, [.call(.floor, [up / .number(2)]) * .number(2), up])
    return stages.add(.choose(.all([isHalf, isOdd]), up - .number(1), else: up))
  }

  // MARK: Links

  mutating func apply(_ link: Link, _ row: [SQLExpression], element: ElementType) throws -> [SQLExpression] {
    if case .hinge = link {
      return row.map { stages.add(.choose($0 > .number(0), literal(1, element), else: literal(0, element))) }
    }
    notes.insert(.functions)
    let scores = row.map { wide($0) }
    switch link {
    case .xgboostLogistic, .logistic, .onnxLogistic:
      let scale = if case .logistic(let scale) = link { scale } else { 1.0 }
      return scores.map { score in
        let value = logistic(score * .number(-scale))
        return element == .float32 ? narrowed(value) : stages.add(value)
      }
    case .xgboostSoftmax, .softmax, .onnxSoftmax: return softmax(scores, element) { _, power in power }
    case .onnxSoftmaxZero:
      let top = greatest(scores)
      let atZero = exponential(top * .number(-1))
      return softmax(scores, element) { score, power in
        .choose(.call(.absolute, [score]) <= .number(Double(Float(0.0000001))), score * atZero, else: power)
      }
    case .onnxProbit: throw unsupported("the inverse of the normal distribution")
    case .hinge: return row
    }
  }

  private mutating func softmax(
    _ scores: [SQLExpression], _ element: ElementType, part: (SQLExpression, SQLExpression) -> SQLExpression
  ) -> [SQLExpression] {
    let top = greatest(scores)
    let parts = scores.map { score in stages.add(part(score, exponential(score - top))) }
    let sum = stages.add(.infix(.add, parts))
    return parts.map { element == .float32 ? narrowed($0 / sum) : stages.add($0 / sum) }
  }
}
