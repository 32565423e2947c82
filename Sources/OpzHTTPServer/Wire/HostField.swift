/// The Host field of a request (RFC 9112, section 3.2).
enum HostField {
  /// - Returns: its value, which may be empty; nil if an HTTP/1.0 client sends none.
  static func read(_ fields: HTTPFields, isHTTP10: Bool) throws -> String? {
    var found: String?
    for field in fields.all where isSameName(field.name, "host") {
      guard found == nil else { throw RequestProblem(400, "two Host fields") }
      found = field.value
    }
    guard let found else {
      guard isHTTP10 else { throw RequestProblem(400, "an HTTP/1.1 request without a Host field") }
      return nil
    }
    guard found.isEmpty || isAuthority(found) else { throw RequestProblem(400, "the Host field is not a valid host") }
    return found
  }

  /// `uri-host [":" port]` with a non-empty host (RFC 3986, section 3.2.2).
  static func isAuthority(_ text: some StringProtocol) -> Bool {
    var rest = Array(text.utf8)[...]
    if rest.first == UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")), isAddress(rest[1..<end]) else { return false }
      rest = rest[(end + 1)...]
    } else {
      let name = rest.prefix { $0 != UInt8(ascii: ":") }
      guard !name.isEmpty, isName(name) else { return false }
      rest = rest.dropFirst(name.count)
    }
    if rest.isEmpty { return true }
    guard rest.popFirst() == UInt8(ascii: ":"), rest.count <= 5, rest.allSatisfy(isDigit) else { return false }
    return rest.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
  }

  /// A registered name: unreserved characters, sub-delimiters, and percent signs with two hex digits.
  private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard rest.popFirst().flatMap(hexDigit) != nil, rest.popFirst().flatMap(hexDigit) != nil else { return false }
      } else if !isTokenByte(byte) && !"(),;=".utf8.contains(byte) || "#^`|".utf8.contains(byte) {
        return false
      }
    }
    return true
  }

  /// Characters allowed between the brackets: IPv6, with dots for an embedded IPv4 address.
  private static func isAddress(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.count >= 2 && bytes.count <= 45 && bytes.contains(UInt8(ascii: ":"))
      && bytes.allSatisfy { hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
  }
}
