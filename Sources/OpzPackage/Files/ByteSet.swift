/// The bytes that match a bracket expression in an ignore pattern: `[a-z]`, `[!0-9]`, `[[:alpha:]_]`.
struct ByteSet: Sendable, Hashable {
  private var bits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  func contains(_ byte: UInt8) -> Bool {
    let bit = UInt64(1) << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: return bits.0 & bit != 0
    case 1: return bits.1 & bit != 0
    case 2: return bits.2 & bit != 0
    default: return bits.3 & bit != 0
    }
  }

  mutating func insert(_ byte: UInt8) {
    let bit = UInt64(1) << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: bits.0 |= bit
    case 1: bits.1 |= bit
    case 2: bits.2 |= bit
    default: bits.3 |= bit
    }
  }

  private mutating func invert() { bits = (~bits.0, ~bits.1, ~bits.2, ~bits.3) }

  static func == (one: ByteSet, other: ByteSet) -> Bool { one.bits == other.bits }

  func hash(into hasher: inout Hasher) {
    for part in [bits.0, bits.1, bits.2, bits.3] { hasher.combine(part) }
  }

  /// The end of the expression that starts at `start`, after its closing bracket; nil if it is not closed.
  static func end(ofBrackets text: [UInt8], at start: Int) -> Int? {
    var set = ByteSet()
    return set.read(text[start...])
  }

  /// - Parameter text: the whole expression with its brackets.
  /// - Returns: nil for a malformed expression.
  init?(brackets text: ArraySlice<UInt8>) {
    guard read(text) == text.endIndex else { return nil }
  }

  private init() {}

  /// Reads one expression and returns its end; nil if it is malformed.
  private mutating func read(_ text: ArraySlice<UInt8>) -> Int? {
    var index = text.startIndex + 1
    var isNegated = false
    if index < text.endIndex, text[index] == UInt8(ascii: "!") || text[index] == UInt8(ascii: "^") {
      isNegated = true
      index += 1
    }
    var previous: UInt8?
    // The first byte is an element even if it is a closing bracket.
    repeat {
      guard index < text.endIndex, let next = element(text, &index, previous: &previous) else { return nil }
      previous = next.previous
    } while index < text.endIndex && text[index] != UInt8(ascii: "]")
    guard index < text.endIndex else { return nil }
    if isNegated { invert() }
    return index + 1
  }

  /// Reads one element. Afterwards `previous` is the byte that may start a range; nil after a range or class.
  private mutating func element(
    _ text: ArraySlice<UInt8>, _ index: inout Int, previous: inout UInt8?
  ) -> (previous: UInt8?, Void)? {
    let byte = text[index]
    if byte == UInt8(ascii: "-"), let low = previous, index + 1 < text.endIndex, text[index + 1] != UInt8(ascii: "]") {
      index += 1
      guard let high = ByteSet.literal(text, &index) else { return nil }
      if low <= high { for value in low...high { insert(value) } }
      return (nil, ())
    }
    if byte == UInt8(ascii: "["), let (name, end) = ByteSet.className(text, index) {
      guard let members = ByteSet.members(name) else { return nil }
      for value in UInt8.min...127 where members(value) { insert(value) }
      index = end
      return (nil, ())
    }
    guard let value = ByteSet.literal(text, &index) else { return nil }
    insert(value)
    return (value, ())
  }

  /// One byte, possibly escaped by a backslash.
  private static func literal(_ text: ArraySlice<UInt8>, _ index: inout Int) -> UInt8? {
    if text[index] == UInt8(ascii: "\\") { index += 1 }
    guard index < text.endIndex else { return nil }
    index += 1
    return text[index - 1]
  }

  /// The name in `[:alpha:]`, and its end; nil if it is an ordinary bracket.
  private static func className(_ text: ArraySlice<UInt8>, _ start: Int) -> (name: String, end: Int)? {
    guard start + 1 < text.endIndex, text[start + 1] == UInt8(ascii: ":"),
      let close = text[(start + 2)...].firstIndex(of: UInt8(ascii: "]")), close - start >= 3,
      text[close - 1] == UInt8(ascii: ":")
    else { return nil }
    return (String(decoding: text[(start + 2)..<(close - 1)], as: UTF8.self), close + 1)
  }

  private static func members(_ name: String) -> ((UInt8) -> Bool)? {
    func isUpper(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
    func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    func isGraph(_ byte: UInt8) -> Bool { (33...126).contains(byte) }
    func isLetter(_ byte: UInt8) -> Bool { isUpper(byte) || isLower(byte) }
    switch name {
    case "alnum": return { isLetter($0) || isDigit($0) }
    case "alpha": return isLetter
    case "blank": return { $0 == 32 || $0 == 9 }
    case "cntrl": return { $0 < 32 || $0 == 127 }
    case "digit": return isDigit
    case "graph": return isGraph
    case "lower": return isLower
    case "print": return { isGraph($0) || $0 == 32 }
    case "punct": return { isGraph($0) && !isLetter($0) && !isDigit($0) }
    case "space": return { $0 == 32 || (9...13).contains($0) }
    case "upper": return isUpper
    case "xdigit": return { isDigit($0) || (65...70).contains($0) || (97...102).contains($0) }
    default: return nil
    }
  }
}
