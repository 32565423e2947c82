/// Reads decimal numbers as the nearest float64, ties to even, as C's `strtod` does.
///
/// Numbers of up to 19 digits are read without it: small ones by one exact operation (Clinger 1990, "How to read
/// floating point numbers accurately"), others by a product with a power of five of 128 bits (Lemire 2021, "Number
/// Parsing at a Gigabyte per Second", and Mushtak and Lemire 2023, "Fast number parsing without fallback").
struct DecimalReader: Sendable {
  /// The decimal mark.
  let mark: UInt8

  /// Bytes that must be readable after a number's end.
  static let padding = 8

  /// Reads `[+-] digits [mark digits] [(e|E) [+-] digits]`, with at least one digit before the exponent.
  /// - Parameter start: the text is followed by a byte that is no digit, and by `padding` more bytes.
  /// - Returns: where the number ends; `start` where no number begins.
  @inline(__always)
  func read(_ start: UnsafePointer<UInt8>, into value: inout Double) -> UnsafePointer<UInt8> {
    var next = start
    let isNegative = next[0] == UInt8(ascii: "-")
    if isNegative || next[0] == UInt8(ascii: "+") { next += 1 }
    let first = next
    var digits: UInt64 = 0
    DecimalReader.readDigits(&next, &digits)
    var count = next - first
    var exponent = 0
    if next[0] == mark {
      next += 1
      let fraction = next
      DecimalReader.readDigits(&next, &digits)
      exponent = fraction - next
      count &-= exponent
    }
    guard count > 0 else { return start }
    if next[0] | 0x20 == UInt8(ascii: "e") {
      guard DecimalReader.readExponent(&next, &exponent) else { return start }
    }
    if count > 19, DecimalReader.significant(first, next) > 19 {
      value = slow(start, next)
    } else {
      let magnitude = DecimalReader.magnitude(digits, exponent)
      value = isNegative ? -magnitude : magnitude
    }
    return next
  }

  // MARK: Digits

  private static let powers: [UInt64] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]

  /// Appends digits to `number`, modulo 2^64: eight bytes at once, without a branch for each digit.
  @inline(__always)
  private static func readDigits(_ next: inout UnsafePointer<UInt8>, _ number: inout UInt64) {
    while true {
      let bytes = UInt64(littleEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self))
      let digits = bytes ^ 0x3030_3030_3030_3030
      let others = ((digits & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
      guard others & 0x80 == 0 else { return }
      let count = others.trailingZeroBitCount >> 3
      number = number &* powers[count] &+ value(digits &<< UInt64(64 - 8 * count))
      next += count
      guard count == 8 else { return }
    }
  }

  /// The number of eight digits, the first in the lowest byte.
  @inline(__always)
  private static func value(_ digits: UInt64) -> UInt64 {
    let pairs = digits &* 10 &+ (digits >> 8)
    let left = (pairs & 0x0000_00ff_0000_00ff) &* 0x000f_4240_0000_0064
    let right = ((pairs >> 16) & 0x0000_00ff_0000_00ff) &* 0x0000_2710_0000_0001
    return (left &+ right) >> 32
  }

  /// Adds the exponent at `next`; false where no digit follows the letter.
  private static func readExponent(_ next: inout UnsafePointer<UInt8>, _ exponent: inout Int) -> Bool {
    next += 1
    let isNegative = next[0] == UInt8(ascii: "-")
    if isNegative || next[0] == UInt8(ascii: "+") { next += 1 }
    let first = next
    var written = 0
    while next[0] &- 48 < 10 {
      // What is beyond any number stays beyond it.
      written = min(written * 10 + Int(next[0] &- 48), 1 << 40)
      next += 1
    }
    exponent += isNegative ? -written : written
    return next > first
  }

  /// How many digits of a number remain without its leading zeros.
  @inline(never)
  private static func significant(_ first: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int {
    var count = 0
    for byte in UnsafeBufferPointer(start: first, count: end - first) {
      if byte | 0x20 == UInt8(ascii: "e") { break }
      if byte &- 48 < 10, count > 0 || byte != UInt8(ascii: "0") { count += 1 }
    }
    return count
  }

  @inline(never)
  private func slow(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Double {
    let text = String(
      decoding: UnsafeBufferPointer(start: start, count: end - start).lazy.map { $0 == mark ? UInt8(ascii: ".") : $0 },
      as: UTF8.self)
    return Double(text) ?? .nan
  }

  // MARK: Values

  private static let exactPowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21,
    1e22,
  ]

  /// digits * 10^exponent.
  @inline(__always)
  private static func magnitude(_ digits: UInt64, _ exponent: Int) -> Double {
    guard digits <= 1 << 53, exponent >= -22, exponent <= 22 else { return product(digits, exponent) }
    // Both factors are exact, so that the one operation is rounded correctly.
    let whole = Double(digits)
    if exponent == 0 { return whole }
    return exponent < 0 ? whole / exactPowers[-exponent] : whole * exactPowers[exponent]
  }

  @inline(never)
  static func product(_ digits: UInt64, _ exponent: Int) -> Double {
    guard digits != 0, exponent >= PowersOfFive.exponents.lowerBound else { return 0 }
    guard exponent <= PowersOfFive.exponents.upperBound else { return .infinity }
    let zeros = digits.leadingZeroBitCount
    let factor = digits << UInt64(zeros)
    let power = PowersOfFive.words + 2 * (exponent - PowersOfFive.exponents.lowerBound)
    var (high, low) = factor.multipliedFullWidth(by: power[0])
    // The lower word matters only where the bits below the mantissa are all set.
    if high & 0x1ff == 0x1ff {
      let more = factor.multipliedFullWidth(by: power[1]).high
      low &+= more
      if more > low { high &+= 1 }
    }
    let upper = Int(high >> 63)
    var mantissa = high >> UInt64(upper + 9)
    // floor(exponent * log2(10)), and the bias.
    var binary = (217_706 * exponent) >> 16 + 63 + upper - zeros + 1023
    if binary <= 0 {
      guard 1 - binary < 64 else { return 0 }
      mantissa >>= UInt64(1 - binary)
      mantissa = (mantissa + (mantissa & 1)) >> 1
      return Double(bitPattern: mantissa)
    }
    // Exactly between two floats: to even.
    if low <= 1, exponent >= -4, exponent <= 23, mantissa & 3 == 1, mantissa << UInt64(upper + 9) == high {
      mantissa &= ~1
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1
    if mantissa >= 2 << 52 {
      mantissa = 1 << 52
      binary += 1
    }
    guard binary < 0x7ff else { return .infinity }
    return Double(bitPattern: mantissa & ~(1 << 52) | UInt64(binary) << 52)
  }
}
