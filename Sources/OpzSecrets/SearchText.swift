import OpzIO

/// The bytes that rules search, with their surroundings.
struct SearchText: Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// The byte at an index; nil outside.
  @inline(__always)
  func byte(_ index: Int) -> UInt8? { index >= 0 && index < bytes.count ? bytes[index] : nil }

  func has(_ literal: [UInt8], at index: Int) -> Bool {
    guard index >= 0, index + literal.count <= bytes.count else { return false }
    for offset in literal.indices where bytes[index + offset] != literal[offset] { return false }
    return true
  }

  /// Whether a literal, which is in lower case, is at `index` in either case.
  func hasIgnoringCase(_ literal: [UInt8], at index: Int) -> Bool {
    guard index >= 0, index + literal.count <= bytes.count else { return false }
    for offset in literal.indices where SearchText.lowered(bytes[index + offset]) != literal[offset] { return false }
    return true
  }

  /// The end of the run of an alphabet that begins at `index`, at most `limit` characters long.
  func end(of alphabet: Alphabet, from index: Int, limit: Int = .max) -> Int {
    guard index < bytes.count else { return index }
    return bytes.withUnsafeBufferPointer { bytes in
      let most = limit < bytes.count - index ? index + limit : bytes.count
      var end = index
      while end < most, alphabet.contains(bytes[end]) { end += 1 }
      return end
    }
  }

  /// The beginning of the run of an alphabet that ends before `index`.
  func start(of alphabet: Alphabet, before index: Int, limit: Int = .max) -> Int {
    precondition(index <= bytes.count)
    return bytes.withUnsafeBufferPointer { bytes in
      let least = limit < index ? index - limit : 0
      var start = index
      while start > least, alphabet.contains(bytes[start - 1]) { start -= 1 }
      return start
    }
  }

  /// Whether a token can begin at `index`: no letter, digit or underscore directly precedes it, except the end of an
  /// escape, as in `\nTOKEN`, `%3DTOKEN` and `\u003dTOKEN`.
  func isBoundary(before index: Int) -> Bool {
    guard let last = byte(index - 1), Alphabet.word.contains(last) else { return true }
    return isEscape(endingAt: index)
  }

  private func isEscape(endingAt index: Int) -> Bool {
    if byte(index - 2) == UInt8(ascii: "\\"), let letter = byte(index - 1) {
      return "nrtbfv0ae".utf8.contains(letter)
    }
    func isHex(_ range: Range<Int>) -> Bool {
      range.allSatisfy { byte($0).map { Alphabet.hex.contains($0) } == true }
    }
    if byte(index - 3) == UInt8(ascii: "%"), isHex(index - 2..<index) { return true }
    guard byte(index - 6) == UInt8(ascii: "\\"), byte(index - 5) == UInt8(ascii: "u") else {
      return byte(index - 4) == UInt8(ascii: "\\") && byte(index - 3) == UInt8(ascii: "x") && isHex(index - 2..<index)
    }
    return isHex(index - 4..<index)
  }

  /// Whether a range contains one of the words, which are in lower case, in either case.
  func mentions(_ words: [String], in range: Range<Int>) -> Bool {
    let part = bytes[range.clamped(to: bytes.indices)].map(SearchText.lowered)
    return words.contains { part.contains(text: $0) }
  }

  /// The text of a range; invalid UTF-8 is replaced.
  func string(_ range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: bytes.indices)], as: UTF8.self)
  }

  @inline(__always)
  static func lowered(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 32 : byte }
}
