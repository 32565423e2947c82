/// A number of a JSON text, kept so that it can be read as an integer or as the nearest float of either size.
struct JSONNumber {
  /// The digits without the point, the first 19 significant ones.
  let mantissa: UInt64
  /// The power of ten that the mantissa is multiplied by.
  let exponent: Int
  let isNegative: Bool
  /// It has neither a point nor an exponent.
  let isInteger: Bool
  /// Digits were dropped from the mantissa.
  let isTruncated: Bool
  /// Where it stands in the text.
  let range: Range<Int>
}

extension JSONCursor {
  /// Reads a number (RFC 8259, section 6).
  mutating func number() throws -> JSONNumber {
    _ = try peek()
    let start = position
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative { advance() }
    var digits = Digits()
    let leading = byte
    let whole = take(&digits, afterPoint: false)
    guard whole > 0 else { throw failure("expected a number") }
    if leading == UInt8(ascii: "0"), whole > 1 { throw failure("a number with a leading zero") }
    var isInteger = true
    if byte == UInt8(ascii: ".") {
      isInteger = false
      advance()
      guard take(&digits, afterPoint: true) > 0 else { throw failure("expected a digit after the point") }
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      isInteger = false
      advance()
      digits.exponent += try exponent()
    }
    guard position - start <= JSONCursor.numberLimit else {
      throw failure("a number of more than \(JSONCursor.numberLimit) characters")
    }
    return JSONNumber(
      mantissa: digits.mantissa, exponent: digits.exponent, isNegative: isNegative, isInteger: isInteger,
      isTruncated: digits.isTruncated, range: start..<position)
  }

  private struct Digits {
    var mantissa: UInt64 = 0
    var significant = 0
    var exponent = 0
    var isTruncated = false
  }

  /// Takes a run of digits and says how many there were.
  @inline(__always)
  private mutating func take(_ digits: inout Digits, afterPoint: Bool) -> Int {
    let start = position
    while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      if digits.significant < 19 {
        digits.mantissa = digits.mantissa &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
        if digits.mantissa != 0 { digits.significant += 1 }
        if afterPoint { digits.exponent -= 1 }
      } else {
        digits.isTruncated = true
        if !afterPoint { digits.exponent += 1 }
      }
      advance()
    }
    return position - start
  }

  private mutating func exponent() throws -> Int {
    var isNegative = false
    if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
      isNegative = byte == UInt8(ascii: "-")
      advance()
    }
    let start = position
    var value = 0
    while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      // Past any float's range the value no longer matters.
      if value < 100_000 { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
      advance()
    }
    guard position > start else { throw failure("expected a digit in the exponent") }
    return isNegative ? -value : value
  }

  /// The nearest double; infinite when it is out of range.
  @inline(__always)
  func double(_ number: JSONNumber) -> Double {
    // Both factors are exact, so one rounding is left (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
    if !number.isTruncated, number.mantissa <= 1 << 53, (-22...22).contains(number.exponent) {
      let mantissa = Double(number.mantissa)
      let value =
        number.exponent < 0
        ? mantissa / powersOfTen[-number.exponent] : mantissa * powersOfTen[number.exponent]
      return number.isNegative ? -value : value
    }
    return Double(text(number)) ?? .nan
  }

  /// The nearest float; infinite when it is out of range.
  @inline(__always)
  func float(_ number: JSONNumber) -> Float {
    let double = double(number)
    // A double half-way between two floats, or below the normal floats, may have been rounded once already.
    let isTie = double.bitPattern & 0x1fff_ffff == 0x1000_0000
    if !isTie, double.magnitude >= Double(Float.leastNormalMagnitude) || double == 0, double.magnitude < 3e38 {
      return Float(double)
    }
    return Float(text(number)) ?? .nan
  }

  /// The integer, or nil when it is not one or does not fit.
  func integer(_ number: JSONNumber, _ limits: (least: Int64, greatest: UInt64)) -> Float? {
    guard number.isInteger, let magnitude = magnitude(number) else { return nil }
    if number.isNegative { return magnitude <= limits.least.magnitude ? -Float(magnitude) : nil }
    return magnitude <= limits.greatest ? Float(magnitude) : nil
  }

  private func magnitude(_ number: JSONNumber) -> UInt64? {
    if !number.isTruncated { return number.mantissa }
    let text = text(number)
    return UInt64(number.isNegative ? text.dropFirst() : text[...])
  }

  private func text(_ number: JSONNumber) -> String {
    String(decoding: bytes[number.range], as: UTF8.self)
  }
}

private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]
