/// JSON Web Tokens (RFC 7519) that are signed (RFC 7515) or encrypted (RFC 7516).
///
/// An expired one counts: the result must not depend on the day, and it may be a token that obtains others. An unsigned
/// one (`alg` none) is not a secret, because anybody can make it.
struct WebTokenRule: SecretRule {
  /// The base64 of `{"`.
  let anchors = texts("eyJ")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard text.has(Array("eyJ".utf8), at: index), text.isBoundary(before: index) else { return nil }
    var parts: [ArraySlice<UInt8>] = []
    var start = index
    while parts.count < 5 {
      let end = text.end(of: .url, from: start, limit: 8192)
      parts.append(text.bytes[start..<end])
      start = end
      guard text.byte(end) == UInt8(ascii: "."), let next = text.byte(end + 1),
        Alphabet.url.contains(next) || next == UInt8(ascii: ".")
      else { break }
      start = end + 1
    }
    guard parts.count == 3 || parts.count == 5, let header = WebTokenRule.object(parts[0]) else { return nil }
    guard let algorithm = WebTokenRule.member("alg", of: header), algorithm.lowercased() != "none" else { return nil }
    if parts.count == 5 {
      guard WebTokenRule.member("enc", of: header) != nil else { return nil }
    } else {
      guard let claims = WebTokenRule.object(parts[1]), !WebTokenRule.isPublic(claims) else { return nil }
    }
    guard let last = parts.last, last.count >= 16, !Plausibility.isPlaceholder(last), !PublishedKeys.contains(last)
    else { return nil }
    return SecretFinding(range: index..<start, what: "a web token")
  }

  private static func object(_ part: ArraySlice<UInt8>) -> String? {
    let bytes = Base64Text.decode(part)
    guard bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}") else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The value of a member that is a string.
  private static func member(_ name: String, of object: String) -> Substring? {
    guard let found = object.firstRange(of: "\"\(name)\"") else { return nil }
    let rest = object[found.upperBound...].drop { $0 == " " || $0 == ":" }
    return rest.first == "\"" ? rest.dropFirst().prefix { $0 != "\"" } : nil
  }

  /// Whether it is the example of jwt.io, or the key that every page of a Supabase project shows.
  private static func isPublic(_ claims: String) -> Bool {
    claims.contains("John Doe") || claims.contains("\"1234567890\"") || member("role", of: claims) == "anon"
  }
}

/// Private keys as JSON Web Keys (RFC 7517).
struct WebKeyRule: SecretRule {
  let anchors = texts("\"kty\"", "\"kty\\\"")
  private static let reach = 1500

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    let start = max(0, index - WebKeyRule.reach)
    // The start of the object that the member is in.
    let begin = (start..<index).last { text.bytes[$0] == UInt8(ascii: "{") } ?? index
    var end = index
    while end < text.count, end - index < WebKeyRule.reach, text.bytes[end] != UInt8(ascii: "}") { end += 1 }
    let isSymmetric = text.string(index..<index + 20).contains("oct")
    let literal = Array((isSymmetric ? "\"k" : "\"d").utf8)
    let member = (begin..<end).first { text.has(literal, at: $0) && "\"\\".utf8.contains(text.byte($0 + 2) ?? 0) }
    guard let member else { return nil }
    var value = member + literal.count
    while let byte = text.byte(value), " :\"\\\n\t".utf8.contains(byte) { value += 1 }
    let last = text.end(of: .url, from: value)
    guard last - value >= 22, Plausibility.isRandom(text.bytes[value..<last]) else { return nil }
    return SecretFinding(range: value..<last, what: "a private key")
  }
}
