/// A comparison of a column of float64 numbers that says what a comparison of the numbers rounded to float32 would.
///
/// A number rounds to float32 below `t` if it is below the middle `m` between `t` and the float32 number before it, which
/// float64 holds exactly. The middle itself rounds to the one of the two whose last bit is 0 (IEEE 754, section 4.3.1).
struct Threshold {
  /// The number to compare with.
  let number: Double
  /// Whether the number itself is on the lower side.
  let isIncluded: Bool

  /// `float32(x) < threshold`.
  init(below threshold: Float) {
    let before = threshold.nextDown
    isIncluded = !Threshold.isEven(threshold)
    number = Threshold.middle(before, threshold)
  }

  /// `float32(x) <= threshold`.
  init(upTo threshold: Float) {
    isIncluded = Threshold.isEven(threshold)
    number = Threshold.middle(threshold, threshold.nextUp)
  }

  private static func isEven(_ number: Float) -> Bool { number.bitPattern & 1 == 0 }

  private static func middle(_ lower: Float, _ upper: Float) -> Double {
    if lower == upper { return Double(lower) }
    // Where float32 would overflow: half a unit of the last place above its greatest number.
    if upper == .infinity { return 0x1p128 - 0x1p103 }
    if lower == -.infinity { return -(0x1p128 - 0x1p103) }
    return (Double(lower) + Double(upper)) / 2
  }

  /// Whether a column is on the lower side; NULL for NULL.
  func holds(for column: SQLExpression) -> SQLExpression {
    .compare(column, isIncluded ? .lessOrEqual : .less, with: number)
  }

  /// Whether a column is on the upper side; NULL for NULL.
  func fails(for column: SQLExpression) -> SQLExpression {
    .compare(column, isIncluded ? .greater : .greaterOrEqual, with: number)
  }
}
