/// What is assigned to a name, in whichever language: `NAME=value`, `"name": "value"`, `name: str = 'value'`, `os.environ["NAME"] = "value"`,
/// `--name value`, `<name>value</name>`, `- name: NAME` and `value:` below.
struct NamedValue {
  let range: Range<Int>
  let isQuoted: Bool
  /// `Bearer`, `Basic` and the like stood before it.
  let hasScheme: Bool

  /// By so many characters it is judged.
  private static let longest = 256

  /// - Parameters:
  ///   - name: of what it is assigned to.
  init?(after name: Range<Int>, in text: SearchText) {
    var cursor = Cursor(text: text, index: name.upperBound)
    guard cursor.passSeparator(of: name) else { return nil }
    cursor.passBlanks()
    cursor.passBlockMark()
    cursor.passAnnotation()
    let separated = cursor.index
    var quote = cursor.passQuote()
    // The end of a text that the name is the end of: `"Password:"`.
    if let quote, text.byte(name.lowerBound - 1) == quote, text.byte(name.upperBound) != quote,
      text.byte(separated) == quote
    {
      return nil
    }
    let start = cursor.index
    hasScheme = cursor.passScheme()
    if quote == nil, hasScheme { quote = cursor.passQuote() }
    isQuoted = quote != nil
    var end = hasScheme ? cursor.index : start
    let begin = end
    while let byte = text.byte(end), end - begin < NamedValue.longest, NamedValue.isPart(byte, quote) { end += 1 }
    guard end > begin else { return nil }
    // What follows a comma is the next argument.
    if quote == nil, cursor.isArgument { return nil }
    // Of an element in XML, the value goes up to its end.
    if text.byte(name.upperBound) == UInt8(ascii: ">"), quote == nil, text.byte(end) != UInt8(ascii: "<") { return nil }
    // A call or a part of something: `token = tokens[0]`, `key = key(1)`.
    if quote == nil, let next = text.byte(end), next == UInt8(ascii: "(") || next == UInt8(ascii: "[") { return nil }
    range = begin..<end
  }

  private static func isPart(_ byte: UInt8, _ quote: UInt8?) -> Bool {
    guard byte > 32 || byte == 32 && quote != nil, byte < 127, byte != UInt8(ascii: "\\") else { return false }
    if let quote { return byte != quote }
    return !"\"'`,;()[]{}<>&|".utf8.contains(byte)
  }

  private struct Cursor {
    let text: SearchText
    var index: Int
    /// A comma was the separator.
    private(set) var isArgument = false

    init(text: SearchText, index: Int) {
      self.text = text
      self.index = index
    }

    mutating func passBlanks(_ limit: Int = 32) {
      let start = index
      while let byte = text.byte(index), byte == 32 || byte == 9, index - start < limit { index += 1 }
    }

    private mutating func pass(_ literal: String) -> Bool {
      guard text.has(Array(literal.utf8), at: index) else { return false }
      index += literal.utf8.count
      return true
    }

    /// Whatever stands between a name and its value.
    mutating func passSeparator(of name: Range<Int>) -> Bool {
      var isQuoted = false
      while let byte = text.byte(index), "\"'`\\]".utf8.contains(byte), index - name.upperBound < 6 {
        // A line's end, escaped, is none.
        if byte == UInt8(ascii: "\\"), let next = text.byte(index + 1), "nrt".utf8.contains(next) {
          return passValueKey()
        }
        isQuoted = isQuoted || byte != UInt8(ascii: "]")
        index += 1
      }
      let blanks = index
      passBlanks()
      let hadBlanks = index > blanks
      if isQuoted && text.byte(index) == UInt8(ascii: ",") {
        if passValueKey() { return true }
        isArgument = true
        return isFirstArgument(name) && pass(",")
      }
      for separator in [":=", "=>", "->", "?=", "==", "::", "=", ":", "\\u003d", "\\u003D", "%3D", "%3d", ">"]
      where pass(separator) { return true }
      if passValueKey() { return true }
      return hadBlanks && takesBlank(name)
    }

    /// `setenv("NAME", "value")`, and not a list of words.
    private func isFirstArgument(_ name: Range<Int>) -> Bool {
      var index = name.lowerBound - 1
      while let byte = text.byte(index), "\"'`\\ ".utf8.contains(byte), name.lowerBound - index < 6 { index -= 1 }
      return text.byte(index) == UInt8(ascii: "(")
    }

    /// `value:` after the name, in a list of variables.
    private mutating func passValueKey() -> Bool {
      let start = index
      while let byte = text.byte(index), index - start < 64 {
        if byte == UInt8(ascii: "\\"), let next = text.byte(index + 1), "nrt".utf8.contains(next) {
          index += 2
        } else if byte <= 32 || "\"'`,\\".utf8.contains(byte) {
          index += 1
        } else {
          break
        }
      }
      if index > start || start > 0 && !Alphabet.word.contains(text.bytes[start - 1]), pass("value") || pass("Value") {
        while let byte = text.byte(index), "\"'`\\ ".utf8.contains(byte) { index += 1 }
        if pass(":") || pass("=") { return true }
      }
      index = start
      return false
    }

    /// `--name value`, and `ENV NAME value` of a Dockerfile.
    private func takesBlank(_ name: Range<Int>) -> Bool {
      if text.byte(name.lowerBound) == UInt8(ascii: "-") { return true }
      return ["ENV ", "ARG ", "set ", "setx ", "env "].contains {
        text.has(Array($0.utf8), at: name.lowerBound - $0.utf8.count)
      }
    }

    /// A block's mark in YAML, a parenthesis in Python, and the line's end after it.
    mutating func passBlockMark() {
      let start = index
      for mark in ["|-", ">-", "|", ">", "("] where pass(mark) { break }
      let marked = index > start
      passBlanks()
      guard let byte = text.byte(index), byte == 10 || byte == 13 else { return }
      var next = index
      while let byte = text.byte(next), byte <= 32, byte > 0, next - index < 64 { next += 1 }
      if marked || text.byte(next) == UInt8(ascii: "\"") || text.byte(next) == UInt8(ascii: "'") { index = next }
    }

    /// `str =`, `Optional[str] =`, `string =` after a colon.
    mutating func passAnnotation() {
      let start = index
      guard
        pass("Optional[str]") || pass("str | None") || pass("String") || pass("string") || pass("str")
          || pass("SecretStr")
      else { return }
      passBlanks()
      if pass("=") { passBlanks() } else { index = start }
    }

    /// - Returns: the quote, and the cursor is after it.
    mutating func passQuote() -> UInt8? {
      var next = index
      while next - index < 2, let byte = text.byte(next), "bBrRuUfFL@$".utf8.contains(byte) { next += 1 }
      while text.byte(next) == UInt8(ascii: "\\") { next += 1 }
      guard let quote = text.byte(next), "\"'`".utf8.contains(quote) else { return nil }
      // One quote or three; two are an empty text.
      var quotes = 1
      while text.byte(next + quotes) == quote { quotes += 1 }
      index = next + (quotes == 2 ? 1 : quotes)
      return quote
    }

    mutating func passScheme() -> Bool {
      for scheme in [
        "Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token ", "SSWS ", "ApiKey ", "Api-Key ", "apikey ",
      ] where pass(scheme) {
        passBlanks()
        return true
      }
      return false
    }
  }
}
