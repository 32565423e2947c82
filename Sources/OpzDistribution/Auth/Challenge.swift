/// One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1).
struct Challenge: Hashable, Sendable {
  /// Lower case: `basic`, `bearer`.
  let scheme: String
  /// Parameter names are in lower case.
  let parameters: [String: String]

  /// Parses the challenges of all header lines. Invalid text ends the parsing of its line.
  static func parse(_ lines: [String]) -> [Challenge] {
    lines.flatMap { line in
      var reader = ChallengeReader(line)
      return reader.challenges()
    }
  }
}

private struct ChallengeReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ line: String) { bytes = Array(line.utf8.prefix(16 << 10)) }

  mutating func challenges() -> [Challenge] {
    var found: [Challenge] = []
    skipSeparators()
    while found.count < 16, let scheme = token() {
      found.append(Challenge(scheme: scheme.lowercased(), parameters: parameters()))
      skipSeparators()
    }
    return found
  }

  // Reads `a=b, c="d"` up to something that is not a parameter: the next scheme, or the end.
  private mutating func parameters() -> [String: String] {
    var found: [String: String] = [:]
    while found.count < 32 {
      let start = position
      skipSeparators()
      guard let name = token(), skip(to: UInt8(ascii: "=")), let value = quoted() ?? token() else {
        position = start
        return found
      }
      if found[name.lowercased()] == nil { found[name.lowercased()] = value }
    }
    return found
  }

  private mutating func skipSeparators() {
    while position < bytes.count, isSpace(bytes[position]) || bytes[position] == UInt8(ascii: ",") { position += 1 }
  }

  private mutating func skip(to byte: UInt8) -> Bool {
    while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    return true
  }

  private mutating func token() -> String? {
    let start = position
    while position < bytes.count, isToken(bytes[position]) { position += 1 }
    return start == position ? nil : String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func quoted() -> String? {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
    var value: [UInt8] = []
    var next = position + 1
    while next < bytes.count {
      switch bytes[next] {
      case UInt8(ascii: "\""):
        position = next + 1
        return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\") where next + 1 < bytes.count:
        value.append(bytes[next + 1])
        next += 2
      default:
        value.append(bytes[next])
        next += 1
      }
    }
    return nil
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  // Wider than RFC 9110's token: some servers send unquoted realms with `:` and `/`.
  private func isToken(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\"")
  }
}
