/// The tokens of a JSON text (RFC 8259), shared by all JSON readers of opz.
///
/// No input can make it trap: every index is checked. Refusals have the position and the reason.
@usableFromInline
struct JSONTokenizer {
  @usableFromInline let bytes: UnsafeBufferPointer<UInt8>
  @usableFromInline var position: Int
  @usableFromInline let options: JSONOptions

  @usableFromInline
  init(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int = 0, _ options: JSONOptions) {
    self.bytes = bytes
    self.position = position
    self.options = options
  }

  /// The byte at the position; 0 at the end, which JSON never has outside its texts.
  @inlinable var byte: UInt8 {
    @inline(__always) get { position < bytes.count ? bytes[position] : 0 }
  }

  @usableFromInline
  func failure(_ kind: JSONFailure.Kind, _ reason: String) -> JSONFailure { JSONFailure(kind, at: position, reason) }

  /// Makes a syntax error; `expected` names what belongs here. At the end of the text the reason is that it ends.
  @usableFromInline
  func wrong(_ expected: String) -> JSONFailure {
    position >= bytes.count ? failure(.syntax, "the text ends too early") : failure(.syntax, "expected \(expected)")
  }

  @inlinable @inline(__always)
  mutating func skipSpace() {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  @inlinable @inline(__always)
  mutating func take(_ wanted: UInt8) -> Bool {
    skipSpace()
    guard byte == wanted else { return false }
    position += 1
    return true
  }

  @inlinable
  mutating func take(word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] { return false }
    position += count
    return true
  }

  /// Checks what can be checked before reading: the size, and that the text starts as UTF-8 without a byte order
  /// mark.
  func checkStart() throws(JSONFailure) {
    guard bytes.count <= options.size else {
      throw JSONFailure(.tooLarge, at: nil, "it has \(bytes.count) bytes; the limit is \(options.size)")
    }
    guard let first = bytes.first else { throw JSONFailure(.syntax, at: 0, "the text is empty") }
    let second = bytes.count > 1 ? bytes[1] : 1
    if (first == 0xFE && second == 0xFF) || (first == 0xFF && second == 0xFE) || first == 0 || second == 0 {
      throw JSONFailure(.ambiguous, at: 0, "UTF-16 or UTF-32; JSON is UTF-8")
    }
    if first == 0xEF, second == 0xBB { throw JSONFailure(.ambiguous, at: 0, "it begins with a byte order mark") }
  }

  /// Checks that only white space follows.
  mutating func expectEnd() throws(JSONFailure) {
    skipSpace()
    if position < bytes.count { throw failure(.ambiguous, "extra text after the end of the document") }
  }
}

// MARK: Strings

extension JSONTokenizer {
  /// A string between its quotes.
  struct Text {
    let range: Range<Int>
    /// Whether it has escapes.
    let isEscaped: Bool
    let isASCII: Bool

    /// Whether comparing bytes is the same as comparing texts.
    var isPlain: Bool { !isEscaped && isASCII }
  }

  /// Consumes the string whose quote is at the position, validating its escapes and its UTF-8.
  mutating func text() throws(JSONFailure) -> Text {
    guard byte == UInt8(ascii: "\"") else { throw wrong("a string") }
    position += 1
    let start = position
    var union: UInt8 = 0
    var isEscaped = false
    while true {
      skipPlain()
      guard position < bytes.count else { throw failure(.syntax, "an unterminated string") }
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 0x20 else { throw failure(.syntax, "a control character in a string") }
      position += 1
      union |= byte
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        _ = try escape()
      }
    }
    let text = Text(range: start..<position, isEscaped: isEscaped, isASCII: union < 0x80)
    if !text.isASCII, String(validating: bytes[text.range], as: UTF8.self) == nil {
      throw JSONFailure(.ambiguous, at: start, "a string that is not UTF-8")
    }
    position += 1
    return text
  }

  /// Skips bytes that stand for themselves, eight at a time: most of a document is digests and names.
  @inline(__always)
  private mutating func skipPlain() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    while bytes.count - position >= 8, let base = bytes.baseAddress {
      let word = UInt64(littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      let special =
        ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word) | word
      let found = special & (ones &* 0x80)
      // A borrow can mark only bytes after one that is marked rightly, so the first mark is right.
      guard found == 0 else { return position += found.trailingZeroBitCount >> 3 }
      position += 8
    }
  }

  func string(_ text: Text) -> String {
    guard text.isEscaped else { return String(decoding: bytes[text.range], as: UTF8.self) }
    return JSONTokenizer.unescaped(bytes, text.range)
  }

  /// Decodes a string whose escapes were validated.
  static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
    var tokens = JSONTokenizer(UnsafeBufferPointer(rebasing: bytes[..<range.upperBound]), at: range.lowerBound, .init())
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    while tokens.position < range.upperBound {
      let byte = tokens.byte
      tokens.position += 1
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      guard let scalar = try? tokens.escape() else { break }
      text += UTF8.encode(scalar).map { Array($0) } ?? []
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Consumes what follows a backslash.
  private mutating func escape() throws(JSONFailure) -> Unicode.Scalar {
    guard position < bytes.count else { throw failure(.syntax, "an unterminated string") }
    let code = bytes[position]
    position += 1
    switch code {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(code)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure(.syntax, "an escape that JSON does not have")
    }
  }

  private mutating func unicodeEscape() throws(JSONFailure) -> Unicode.Scalar {
    let first = try hexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take(word: "\\u") else { throw failure(.ambiguous, "half of a surrogate pair in a string") }
    let second = try hexDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 &+ ((first &- 0xD800) << 10) &+ (second &- 0xDC00))
    else { throw failure(.ambiguous, "half of a surrogate pair in a string") }
    return scalar
  }

  private mutating func hexDigits() throws(JSONFailure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt32
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte - UInt8(ascii: "A") + 10)
      default: throw failure(.syntax, "expected four hexadecimal digits after \\u")
      }
      value = value << 4 | digit
      position += 1
    }
    return value
  }
}

// MARK: Numbers

extension JSONTokenizer {
  /// Consumes a number (RFC 8259, section 6).
  @inlinable
  mutating func number() throws(JSONFailure) -> JSONNumber {
    let start = position
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var digits = Digits()
    let leading = byte
    let whole = take(&digits, afterPoint: false)
    guard whole > 0 else {
      position = start
      throw wrong("a value")
    }
    if leading == UInt8(ascii: "0"), whole > 1 { throw failure(.syntax, "a number with a leading zero") }
    var isInteger = true
    if byte == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard take(&digits, afterPoint: true) > 0 else { throw wrong("a digit after the point") }
    }
    if byte | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      digits.exponent += try exponent()
    }
    guard position - start <= options.numberLength else {
      throw failure(.tooLarge, "a number of more than \(options.numberLength) characters")
    }
    return JSONNumber(
      mantissa: digits.mantissa, exponent: digits.exponent, isNegative: isNegative, isInteger: isInteger,
      isTruncated: digits.isTruncated, range: start..<position)
  }

  @usableFromInline
  struct Digits {
    @usableFromInline var mantissa: UInt64 = 0
    @usableFromInline var significant = 0
    @usableFromInline var exponent = 0
    @usableFromInline var isTruncated = false

    @usableFromInline init() {}
  }

  /// Consumes a run of digits and returns how many there were.
  @inlinable @inline(__always)
  mutating func take(_ digits: inout Digits, afterPoint: Bool) -> Int {
    let start = position
    while position < bytes.count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      if digits.significant < 19 {
        digits.mantissa = digits.mantissa &* 10 &+ UInt64(digit)
        if digits.mantissa != 0 { digits.significant += 1 }
        if afterPoint { digits.exponent -= 1 }
      } else {
        digits.isTruncated = true
        if !afterPoint { digits.exponent += 1 }
      }
      position += 1
    }
    return position - start
  }

  @usableFromInline
  mutating func exponent() throws(JSONFailure) -> Int {
    var isNegative = false
    if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
      isNegative = byte == UInt8(ascii: "-")
      position += 1
    }
    let start = position
    var value = 0
    while position < bytes.count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      // Beyond any float's range the value no longer matters.
      if value < 100_000 { value = value * 10 + Int(digit) }
      position += 1
    }
    guard position > start else { throw wrong("a digit in the exponent") }
    return isNegative ? -value : value
  }

  /// Consumes `NaN`, `Infinity` or `-Infinity` where the options allow it.
  @inline(__always)
  mutating func nonFinite() -> Double? {
    if options.nonFinite == .refused { return nil }
    switch byte {
    case UInt8(ascii: "N"): return take(word: "NaN") ? .nan : nil
    case UInt8(ascii: "I"): return options.nonFinite == .all && take(word: "Infinity") ? .infinity : nil
    case UInt8(ascii: "-"): return options.nonFinite == .all && take(word: "-Infinity") ? -.infinity : nil
    default: return nil
    }
  }
}
