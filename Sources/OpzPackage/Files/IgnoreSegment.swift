/// The pattern of one path component: `*`, `?`, `[a-z]` and backslashes, as in git's wildmatch.
struct IgnoreSegment: Sendable {
  private enum Token: Sendable {
    case byte(UInt8)
    case any
    case star
    case set(ByteSet)
  }

  /// Nil for a malformed pattern, such as an unclosed bracket, which matches nothing.
  private let tokens: [Token]?
  /// The exact name, if the pattern has no wildcards.
  private let literal: [UInt8]?

  init(_ text: [UInt8]) {
    let tokens = IgnoreSegment.read(text)
    self.tokens = tokens
    var bytes: [UInt8] = []
    for case .byte(let byte) in tokens ?? [] { bytes.append(byte) }
    literal = bytes.count == tokens?.count ? bytes : nil
  }

  private static func read(_ text: [UInt8]) -> [Token]? {
    var tokens: [Token] = []
    var index = 0
    while index < text.count {
      let end = endOfToken(text, index)
      switch text[index] {
      case UInt8(ascii: "*"):
        if case .star? = tokens.last {} else { tokens.append(.star) }
      case UInt8(ascii: "?"): tokens.append(.any)
      case UInt8(ascii: "\\"):
        guard end == index + 2 else { return nil }
        tokens.append(.byte(text[index + 1]))
      case UInt8(ascii: "["):
        guard let set = ByteSet(brackets: text[index..<end]) else { return nil }
        tokens.append(.set(set))
      default: tokens.append(.byte(text[index]))
      }
      index = end
    }
    return tokens
  }

  /// The end of the token at `index`: a bracket expression, an escaped byte, or one byte.
  static func endOfToken(_ text: [UInt8], _ index: Int) -> Int {
    switch text[index] {
    case UInt8(ascii: "\\"): return min(index + 2, text.count)
    case UInt8(ascii: "["): return ByteSet.end(ofBrackets: text, at: index) ?? text.count
    default: return index + 1
    }
  }

  func matches(_ name: [UInt8]) -> Bool {
    if let literal { return literal == name }
    guard let tokens else { return false }
    var (token, byte) = (0, 0)
    var retry: (token: Int, byte: Int)?
    while byte < name.count || token < tokens.count {
      if token < tokens.count {
        switch tokens[token] {
        case .star:
          retry = (token + 1, byte)
          token += 1
          continue
        case let single:
          if byte < name.count, IgnoreSegment.takes(single, name[byte]) {
            token += 1
            byte += 1
            continue
          }
        }
      }
      // Extend the last star by one byte.
      guard let again = retry, again.byte < name.count else { return false }
      retry = (again.token, again.byte + 1)
      (token, byte) = (again.token, again.byte + 1)
    }
    return true
  }

  private static func takes(_ token: Token, _ byte: UInt8) -> Bool {
    switch token {
    case .byte(let wanted): wanted == byte
    case .any: true
    case .set(let set): set.contains(byte)
    case .star: false
    }
  }
}
