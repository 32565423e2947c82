import OpzJSON

/// Reads decimal numbers as the nearest float64, ties to even, as C's `strtod` does.
///
/// Numbers of up to 19 digits are read by `NearestDouble`, longer ones by the C library.
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
      let magnitude = NearestDouble.of(digits, tenTo: exponent)
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
}
