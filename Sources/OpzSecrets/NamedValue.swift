/// A value assigned to a name, in any notation: `NAME=value`, `"name": "value"`, `name: str = 'value'`,
/// `os.environ["NAME"] = "value"`, `--name value`, `<name>value</name>`, `- name: NAME` with `value:` below it.
struct NamedValue {
  let range: Range<Int>
  let isQuoted: Bool
  /// Whether an authentication scheme preceded it, such as `Bearer` or `Basic`.
  let hasScheme: Bool

  /// Longer values are cut off here, in characters.
  private static let longest = 256

  /// - Parameters:
  ///   - name: the range of the name.
  init?(after name: Range<Int>, in text: SearchText) {
    var cursor = Cursor(text: text, index: name.upperBound)
    guard cursor.passSeparator(of: name) else { return nil }
    cursor.passBlanks()
    cursor.passBlockMark()
    cursor.passAnnotation()
    let separated = cursor.index
    var quote = cursor.passQuote()
    // The name ends a string, and the quote is that string's: `"Password:"`.
    if let quote, text.byte(name.lowerBound - 1) == quote, text.byte(name.upperBound) != quote,
      text.byte(separated) == quote
    {
      return nil
    }
    hasScheme = cursor.passScheme()
    if quote == nil, hasScheme { quote = cursor.passQuote() }
    isQuoted = quote != nil
    let begin = cursor.index
    let end = NamedValue.end(of: quote, from: begin, in: text)
    guard end > begin else { return nil }
    // An unquoted word after a comma is another argument.
    if quote == nil, cursor.isArgument { return nil }
    // In an XML element, the value extends to the end tag.
    if cursor.isElement, quote == nil {
      var next = end
      while let byte = text.byte(next), byte <= 32, next - end < 64 { next += 1 }
      guard text.byte(next) == UInt8(ascii: "<") else { return nil }
    }
    // A call or a subscript: `token = tokens[0]`, `key = key(1)`.
    if quote == nil, let next = text.byte(end), next == UInt8(ascii: "(") || next == UInt8(ascii: "[") { return nil }
    range = begin..<end
  }

  private static func end(of quote: UInt8?, from begin: Int, in text: SearchText) -> Int {
    // In a string within a string, a backslash precedes the closing quote.
    let isNested = text.byte(begin - 2) == UInt8(ascii: "\\")
    var end = begin
    while let byte = text.byte(end), end - begin < longest {
      if byte == UInt8(ascii: "\\"), !isNested, let quote, let next = text.byte(end + 1), next != quote,
        !"nrtux\\".utf8.contains(next)
      {
        end += 1
      } else if isPart(byte, quote) {
        end += 1
      } else {
        break
      }
    }
    return end
  }

  private static func isPart(_ byte: UInt8, _ quote: UInt8?) -> Bool {
    guard byte > 32 || byte == 32 && quote != nil, byte < 127, byte != UInt8(ascii: "\\") else { return false }
    if let quote { return byte != quote }
    return !"\"'`,;()[]{}<>&|".utf8.contains(byte)
  }

  private struct Cursor {
    let text: SearchText
    var index: Int
    /// Whether the separator was a comma.
    private(set) var isArgument = false
    /// Whether the value is the content of an XML element.
    private(set) var isElement = false

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

    /// Skips whatever separates a name from its value; false if there is nothing of the kind.
    mutating func passSeparator(of name: Range<Int>) -> Bool {
      var isQuoted = false
      while let byte = text.byte(index), "\"'`\\]".utf8.contains(byte), index - name.upperBound < 6 {
        // An escaped line end is not part of a quote.
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
      for separator in [":=", "=>", "->", "?=", "==", "::", "=", ":", "\\u003d", "\\u003D", "%3D", "%3d"]
      where pass(separator) { return true }
      if passTagEnd(of: name) || passValueKey() { return true }
      return hadBlanks && (passDeclaredType() || takesBlank(name))
    }

    /// Skips `>` after a name or after the attributes of an element, and a line end.
    private mutating func passTagEnd(of name: Range<Int>) -> Bool {
      var end = index
      if text.byte(name.lowerBound - 1) == UInt8(ascii: "<") {
        while let byte = text.byte(end), byte >= 32, !"<>".utf8.contains(byte), end - index < 120 { end += 1 }
      }
      guard text.byte(end) == UInt8(ascii: ">") else { return false }
      isElement = true
      index = end + 1
      while let byte = text.byte(index), byte <= 32, byte > 0, index - end < 64 { index += 1 }
      return true
    }

    /// Skips `string =`, as in Go declarations.
    private mutating func passDeclaredType() -> Bool {
      let start = index
      if pass("string") || pass("String") || pass("[]byte") {
        passBlanks()
        if pass("=") { return true }
      }
      index = start
      return false
    }

    /// Whether a comma after the name precedes its value, as in `setenv("NAME", "value")` and
    /// `buildConfigField 'String', 'NAME', 'value'`, and not the next word of a list.
    private func isFirstArgument(_ name: Range<Int>) -> Bool {
      if text.mentions(["buildconfigfield", "resvalue"], in: name.lowerBound - 64..<name.lowerBound) { return true }
      var index = name.lowerBound - 1
      while let byte = text.byte(index), "\"'`\\ ".utf8.contains(byte), name.lowerBound - index < 6 { index -= 1 }
      return text.byte(index) == UInt8(ascii: "(")
    }

    /// Skips `value:` after a name, as in a list of variables.
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

    /// Whether a blank separates the value, as in `--name value` and a Dockerfile's `ENV NAME value`.
    private func takesBlank(_ name: Range<Int>) -> Bool {
      if text.byte(name.lowerBound) == UInt8(ascii: "-") { return true }
      return ["ENV ", "ARG ", "set ", "setx ", "env "].contains {
        text.has(Array($0.utf8), at: name.lowerBound - $0.utf8.count)
      }
    }

    /// Skips a YAML block indicator or a Python parenthesis, and the line end after it.
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

    /// Skips a type annotation: `str =`, `Optional[str] =`, `string =`.
    mutating func passAnnotation() {
      let start = index
      guard
        pass("Optional[str]") || pass("str | None") || pass("String") || pass("string") || pass("str")
          || pass("SecretStr")
      else { return }
      passBlanks()
      if pass("=") { passBlanks() } else { index = start }
    }

    /// Skips an opening quote.
    /// - Returns: the quote; nil if there is none.
    mutating func passQuote() -> UInt8? {
      var next = index
      while next - index < 2, let byte = text.byte(next), "bBrRuUfFL@$".utf8.contains(byte) { next += 1 }
      while text.byte(next) == UInt8(ascii: "\\") { next += 1 }
      guard let quote = text.byte(next), "\"'`".utf8.contains(quote) else { return nil }
      // One quote or three; two are an empty string.
      var quotes = 1
      while text.byte(next + quotes) == quote { quotes += 1 }
      index = next + (quotes == 2 ? 1 : quotes)
      return quote
    }

    mutating func passScheme() -> Bool {
      for scheme in [
        "Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token ", "SSWS ", "ApiKey ", "Api-Key ", "apikey ",
        "Api-Token ", "OAuth ", "GenieKey ", "Splunk ", "Klaviyo-API-Key ",
      ] where pass(scheme) {
        passBlanks()
        return true
      }
      return false
    }
  }
}
