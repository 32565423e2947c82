/// The double nearest to a decimal number, without going through text.
///
/// Small numbers take one exact operation (Clinger, "How to Read Floating Point Numbers Accurately", 1990), all others a
/// product with a power of five of 128 bits, which always decides (Lemire, "Number Parsing at a Gigabyte per Second",
/// 2021; Mushtak and Lemire, "Fast Number Parsing Without Fallback", 2023).
public enum NearestDouble {
  /// `mantissa * 10^exponent`, rounded once to the nearest double, ties to even; infinite where it is out of range.
  @inlinable
  public static func of(_ mantissa: UInt64, tenTo exponent: Int) -> Double {
    guard mantissa <= 1 << 53, exponent >= -22, exponent <= 22 else { return product(mantissa, exponent) }
    // Both operands are exact, so the result is rounded only once.
    let number = Double(mantissa)
    if exponent == 0 { return number }
    return powersOfTen.withUnsafeBufferPointer { exponent < 0 ? number / $0[-exponent] : number * $0[exponent] }
  }

  @usableFromInline
  @inline(never)
  static func product(_ mantissa: UInt64, _ exponent: Int) -> Double {
    guard mantissa != 0, exponent >= PowersOfFive.exponents.lowerBound else { return 0 }
    guard exponent <= PowersOfFive.exponents.upperBound else { return .infinity }
    let zeros = mantissa.leadingZeroBitCount
    let factor = mantissa << UInt64(zeros)
    let power = PowersOfFive.words + 2 * (exponent - PowersOfFive.exponents.lowerBound)
    var (high, low) = factor.multipliedFullWidth(by: power[0])
    // The lower word matters only where the bits below the double's are all set.
    if high & 0x1ff == 0x1ff {
      let more = factor.multipliedFullWidth(by: power[1]).high
      low &+= more
      if more > low { high &+= 1 }
    }
    let upper = Int(high >> 63)
    // The double's 53 bits and one more, by which it is rounded.
    var bits = high >> UInt64(upper + 9)
    // floor(exponent * log2(10)), and the bias.
    var binary = (217_706 * exponent) >> 16 + 63 + upper - zeros + 1023
    if binary <= 0 {
      guard 1 - binary < 64 else { return 0 }
      bits >>= UInt64(1 - binary)
      return Double(bitPattern: (bits + (bits & 1)) >> 1)
    }
    // Exactly between two doubles: to even.
    if low <= 1, exponent >= -4, exponent <= 23, bits & 3 == 1, bits << UInt64(upper + 9) == high { bits &= ~1 }
    bits = (bits + (bits & 1)) >> 1
    if bits >= 2 << 52 {
      bits = 1 << 52
      binary += 1
    }
    guard binary < 0x7ff else { return .infinity }
    return Double(bitPattern: bits & ~(1 << 52) | UInt64(binary) << 52)
  }
}
