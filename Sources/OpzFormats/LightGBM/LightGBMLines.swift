import OpzJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The lines of a LightGBM text file, one after the other; they end with `\n` or `\r\n`.
struct LightGBMLines {
  let bytes: UnsafeBufferPointer<UInt8>
  /// Of the next line.
  private(set) var position = 0
  /// The number of lines that were read.
  private(set) var number = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The next line without its end; nil at the end of the file.
  mutating func next() -> Line? {
    guard position < bytes.count, let base = bytes.baseAddress else { return nil }
    let start = position
    let rest = bytes.count - start
    let end = memchr(base + start, 10, rest).map { UnsafeRawPointer(base).distance(to: $0) }
    position = end.map { $0 + 1 } ?? bytes.count
    number += 1
    var last = end ?? bytes.count
    if last > start, bytes[last - 1] == 13 { last -= 1 }
    return Line(bytes: bytes, range: start..<last)
  }

  /// A line or a part of one.
  struct Line {
    let bytes: UnsafeBufferPointer<UInt8>
    let range: Range<Int>

    var isEmpty: Bool { range.isEmpty }
    var text: String { String(decoding: bytes[range], as: UTF8.self) }

    func starts(with text: StaticString) -> Bool {
      range.count >= text.utf8CodeUnitCount
        && UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
          .elementsEqual(bytes[range.lowerBound..<(range.lowerBound + text.utf8CodeUnitCount)])
    }

    /// What follows the first `=`, and the key before it; the whole line is the key where there is none.
    func split() -> (key: String, value: Line) {
      let middle = bytes[range].firstIndex(of: UInt8(ascii: "=")) ?? range.upperBound
      return (
        Line(bytes: bytes, range: range.lowerBound..<middle).text,
        Line(bytes: bytes, range: min(middle + 1, range.upperBound)..<range.upperBound)
      )
    }
  }
}

/// The numbers of a line, separated by blanks.
struct LightGBMNumbers {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position: Int
  private let end: Int

  init(_ line: LightGBMLines.Line) {
    bytes = line.bytes
    position = line.range.lowerBound
    end = line.range.upperBound
  }

  /// Exactly `count` whole numbers; nil if there are more or fewer, or if one does not fit.
  static func integers<Number: FixedWidthInteger>(_ line: LightGBMLines.Line, _ count: Int) -> [Number]? {
    var numbers = LightGBMNumbers(line)
    return numbers.all(count) { $0.integer().flatMap { Number(exactly: $0) } }
  }

  /// Exactly `count` numbers; nil if there are more or fewer, or if one is none.
  static func doubles(_ line: LightGBMLines.Line, _ count: Int) -> [Double]? {
    var numbers = LightGBMNumbers(line)
    return numbers.all(count) { $0.double() }
  }

  private mutating func all<Number>(_ count: Int, _ next: (inout LightGBMNumbers) -> Number?) -> [Number]? {
    // A number takes a byte and a blank, so that a hostile count reserves no memory that the file does not have.
    guard count >= 0, count <= (end - position + 1) / 2 else { return nil }
    var result: [Number] = []
    result.reserveCapacity(count)
    while skipBlanks() {
      guard result.count < count, let number = next(&self), position == end || bytes[position] == 32 else {
        return nil
      }
      result.append(number)
    }
    return result.count == count ? result : nil
  }

  /// Whether there is something after the blanks.
  private mutating func skipBlanks() -> Bool {
    while position < end, bytes[position] == 32 { position += 1 }
    return position < end
  }

  private mutating func takeSign() -> Bool {
    guard position < end else { return false }
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative || bytes[position] == UInt8(ascii: "+") { position += 1 }
    return isNegative
  }

  private mutating func integer() -> Int? {
    let isNegative = takeSign()
    let start = position
    var value = 0
    while position < end, case let digit = bytes[position] &- 48, digit < 10 {
      value = value &* 10 &+ Int(digit)
      position += 1
    }
    // 18 digits always fit.
    guard (1...18).contains(position - start) else { return nil }
    return isNegative ? -value : value
  }

  private mutating func double() -> Double? {
    let start = position
    let isNegative = takeSign()
    var number = Decimal()
    while position < end, case let digit = bytes[position] &- 48, digit < 10 {
      number.append(digit, isFraction: false)
      position += 1
    }
    if position < end, bytes[position] == UInt8(ascii: ".") {
      position += 1
      while position < end, case let digit = bytes[position] &- 48, digit < 10 {
        number.append(digit, isFraction: true)
        position += 1
      }
    }
    guard number.hasDigits else { return word(isNegative) }
    if position < end, bytes[position] | 32 == UInt8(ascii: "e") {
      position += 1
      guard let exponent = integer(), abs(exponent) < 100_000 else { return nil }
      number.exponent += exponent
    }
    guard !number.isTruncated else { return Double(String(decoding: bytes[start..<position], as: UTF8.self)) }
    let value = NearestDouble.of(number.digits, tenTo: number.exponent)
    return isNegative ? -value : value
  }

  /// `inf`, as the C library writes it; not a number is refused.
  private mutating func word(_ isNegative: Bool) -> Double? {
    guard bytes[position..<end].starts(with: "inf".utf8) else { return nil }
    position += 3
    return isNegative ? -.infinity : .infinity
  }

  /// Decimal digits and a power of ten.
  private struct Decimal {
    var digits: UInt64 = 0
    var exponent = 0
    /// Without leading zeros.
    private var count = 0
    private(set) var hasDigits = false
    /// Whether digits were dropped: 19 always fit.
    var isTruncated: Bool { count > 19 }

    mutating func append(_ digit: UInt8, isFraction: Bool) {
      hasDigits = true
      if digits != 0 || digit != 0 { count += 1 }
      if count <= 19 { digits = digits &* 10 &+ UInt64(digit) }
      if isFraction { exponent -= 1 }
    }
  }
}
