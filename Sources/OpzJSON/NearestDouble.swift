/// The double nearest to a decimal number, without going through text.
///
/// A product of the digits and a power of ten of 128 bits decides nearly always; where it does not, the answer is nil
/// and the caller asks the C library. So the result is always the one that IEEE 754 asks for (compare Eisel and
/// Lemire: "Number Parsing at a Gigabyte per Second", 2021; here the error is bounded for each number instead).
public enum NearestDouble {
  /// Five to this power is the largest that 128 bits hold.
  private static let powerLimit = 55

  /// `mantissa * 10^exponent`, rounded once to the nearest double, ties to even.
  /// - Returns: nil for an exponent beyond 55 and for numbers so close to the middle of two doubles that 128 bits of
  ///   the power do not decide.
  public static func of(_ mantissa: UInt64, tenTo exponent: Int) -> Double? {
    // Both operands are exact, so the result is rounded only once (Clinger, "How to Read Floating Point Numbers
    // Accurately", 1990).
    if mantissa <= 1 << 53, (-22...22).contains(exponent) {
      let number = Double(mantissa)
      return powersOfTen.withUnsafeBufferPointer { exponent < 0 ? number / $0[-exponent] : number * $0[exponent] }
    }
    guard mantissa != 0 else { return 0 }
    guard (-powerLimit...powerLimit).contains(exponent) else { return nil }
    return powers.withUnsafeBufferPointer { product(mantissa, $0[exponent + powerLimit]) }
  }

  private static func product(_ mantissa: UInt64, _ power: Power) -> Double? {
    let shift = mantissa.leadingZeroBitCount
    let digits = mantissa << UInt64(shift)
    let lower = digits.multipliedFullWidth(by: power.low)
    let upper = digits.multipliedFullWidth(by: power.high)
    let (middle, carry) = upper.low.addingReportingOverflow(lower.high)
    let top = upper.high &+ (carry ? 1 : 0)
    // The product has 191 or 192 bits: top, middle, lower.low.
    let spare = 10 + (top >> 63)
    var rounded = top >> spare
    if power.isExact {
      let half: UInt64 = 1 << (spare - 1)
      let rest = top & (half << 1 - 1)
      let isAbove = rest > half || rest == half && (middle | lower.low) != 0
      if isAbove || rest == half && rounded & 1 == 1 { rounded += 1 }
    } else {
      // The true product is greater than this one, by less than `digits` in the last place.
      let (_, first) = lower.low.addingReportingOverflow(digits)
      let isCarried = first && middle == .max
      let last = isCarried ? top &+ 1 : top
      guard last >> (spare - 1) == top >> (spare - 1) else { return nil }
      rounded += top >> (spare - 1) & 1
    }
    // The top word counts 2^128 and a double's 53 bits begin `spare` bits higher.
    let exponent = 128 + power.exponent - shift + Int(spare)
    return Double(bitPattern: UInt64(exponent + 52 + 1023) << 52 &+ (rounded &- 1 << 52))
  }

  /// About `(high * 2^64 + low) * 2^exponent`, with the highest bit set; rounded down where it is not exact.
  private struct Power {
    let high: UInt64
    let low: UInt64
    let exponent: Int
    let isExact: Bool

    init(_ bits: UInt128, exponent: Int, isExact: Bool) {
      high = UInt64(truncatingIfNeeded: bits >> 64)
      low = UInt64(truncatingIfNeeded: bits)
      self.exponent = exponent
      self.isExact = isExact
    }
  }

  /// The powers of ten from `-powerLimit` to `powerLimit`. Ten is two times five, so only five needs bits.
  private static let powers: [Power] = {
    var fives: [UInt128] = [1]
    for _ in 0..<powerLimit { fives.append(fives[fives.count - 1] * 5) }
    let positive = fives.enumerated().map { power, five in
      let shift = five.leadingZeroBitCount
      return Power(five << UInt128(shift), exponent: power - shift, isExact: true)
    }
    let negative = fives.enumerated().dropFirst().map { power, five in
      let shift = five.leadingZeroBitCount
      let quotient = (five << UInt128(shift)).dividingFullWidth((UInt128(1) << 127, 0)).quotient
      return Power(quotient, exponent: shift - 255 - power, isExact: false)
    }
    return negative.reversed() + positive
  }()
}
