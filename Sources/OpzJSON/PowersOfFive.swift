/// The powers of five from -342 to 308 to 128 significant bits, which are what a decimal number is multiplied by to make
/// it a binary one.
enum PowersOfFive {
  static let exponents = -342...308

  /// 5^q as two words, the more significant one first, with the highest bit set; at `2 * (q + 342)`. Powers from 0 and
  /// below -27 are truncated, others rounded up (Lemire 2021, "Number Parsing at a Gigabyte per Second", section 5).
  ///
  /// Never freed; immutable.
  nonisolated(unsafe) static let words: UnsafePointer<UInt64> = {
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * exponents.count)
    func store(_ exponent: Int, _ number: [UInt64], roundingUp: Bool) {
      var (high, low) = leading(number)
      if roundingUp {
        low &+= 1
        if low == 0 { high &+= 1 }
      }
      let place = words + 2 * (exponent - exponents.lowerBound)
      place.initialize(to: high)
      (place + 1).initialize(to: low)
    }
    // 5^308 has 716 bits.
    var power = [UInt64](repeating: 0, count: 12)
    power[0] = 1
    for exponent in 0...exponents.upperBound {
      store(exponent, power, roundingUp: false)
      multiply(&power)
    }
    // The floor of 2^1024 / 5^n by repeated division: the floor of a floor is exact. 5^342 has 795 bits, so 229 remain.
    var reciprocal = [UInt64](repeating: 0, count: 17)
    reciprocal[16] = 1
    for exponent in stride(from: -1, through: exponents.lowerBound, by: -1) {
      divide(&reciprocal)
      store(exponent, reciprocal, roundingUp: exponent >= -27)
    }
    return UnsafePointer(words)
  }()

  private static func multiply(_ number: inout [UInt64]) {
    var carry: UInt64 = 0
    for index in number.indices {
      let (high, low) = number[index].multipliedFullWidth(by: 5)
      let (sum, overflow) = low.addingReportingOverflow(carry)
      number[index] = sum
      carry = high &+ (overflow ? 1 : 0)
    }
  }

  private static func divide(_ number: inout [UInt64]) {
    var remainder: UInt64 = 0
    for index in number.indices.reversed() {
      (number[index], remainder) = UInt64(5).dividingFullWidth((remainder, number[index]))
    }
  }

  /// The 128 most significant bits of a number above 0, which is stored from its lowest word.
  private static func leading(_ number: [UInt64]) -> (high: UInt64, low: UInt64) {
    guard let top = number.lastIndex(where: { $0 != 0 }) else { return (0, 0) }
    func word(_ index: Int) -> UInt64 { index >= 0 ? number[index] : 0 }
    let shift = UInt64(number[top].leadingZeroBitCount)
    guard shift > 0 else { return (word(top), word(top - 1)) }
    func joined(_ index: Int) -> UInt64 { word(index) << shift | word(index - 1) >> (64 - shift) }
    return (joined(top), joined(top - 1))
  }
}
