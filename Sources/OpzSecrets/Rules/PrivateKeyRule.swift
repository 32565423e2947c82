/// PEM private keys (RFC 7468) and OpenPGP's (RFC 9580): `-----BEGIN .. PRIVATE KEY-----` and a body. Line ends may be
/// escaped, as in a service account's JSON; lines may be quoted, indented, commented out, or joined by spaces.
struct PrivateKeyRule: SecretRule {
  let anchors = texts("-----BEGIN ", "---- BEGIN ")

  /// The longest first line, in bytes.
  private static let labelLimit = 48
  /// The shortest body of a key, in characters.
  private static let least = 60

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard anchors.contains(where: { text.has($0, at: index) }) else { return nil }
    let isOpenSSL = text.has(Array("-----".utf8), at: index)
    let start = index + 11
    let dashes = Array((isOpenSSL ? "-----" : "----").utf8)
    guard
      let labelEnd = (start..<min(start + PrivateKeyRule.labelLimit, text.count)).first(where: {
        text.has(dashes, at: $0)
      })
    else { return nil }
    let label = text.string(start..<labelEnd)
    guard label.contains("PRIVATE KEY"),
      label.allSatisfy({ $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == " ") })
    else { return nil }
    let body = Body(text, from: labelEnd + dashes.count)
    guard body.characters.count >= PrivateKeyRule.least, Set(body.characters).count >= 16 else { return nil }
    guard !body.lowered.contains(text: "example"), Plausibility.entropy(body.characters[...]) >= 4 else { return nil }
    let isEncrypted = label.contains("ENCRYPTED") || body.isEncrypted || PrivateKeyRule.isLocked(body.characters)
    return SecretFinding(
      range: index..<body.end, what: isEncrypted ? "an encrypted private key" : "a private key",
      doubt: isEncrypted ? "it is encrypted" : nil)
  }

  /// Whether a key in OpenSSH's own form is encrypted: its body names the cipher (openssh-portable, PROTOCOL.key).
  private static func isLocked(_ body: [UInt8]) -> Bool {
    let bytes = Base64Text.decode(body[...].prefix(64))
    let magic = Array("openssh-key-v1\0".utf8)
    guard bytes.starts(with: magic), bytes.count >= magic.count + 8 else { return false }
    return !bytes.dropFirst(magic.count + 4).starts(with: "none".utf8)
  }

  /// The base64 after the first line.
  struct Body {
    private(set) var characters: [UInt8] = []
    private(set) var isEncrypted = false
    /// Where the body ends in the text.
    private(set) var end: Int

    private static let limit = 1024
    /// The shortest line of a body, except the last.
    private static let shortest = 16

    var lowered: [UInt8] { characters.map(SearchText.lowered) }

    init(_ text: SearchText, from start: Int) {
      var index = start
      end = start
      while index < text.count, characters.count < Body.limit {
        index = Body.afterSeparators(text, index)
        let next = text.end(of: [.base64, .equals], from: index)
        // `Proc-Type: 4,ENCRYPTED`, `Version: 1`.
        if let line = Body.header(text, index) {
          isEncrypted = isEncrypted || line.text.contains("ENCRYPTED")
          index = line.end
          continue
        }
        let piece = text.bytes[index..<next]
        guard !piece.isEmpty, piece.count >= Body.shortest || !characters.isEmpty else { break }
        characters += piece.prefix { $0 != UInt8(ascii: "=") }
        end = next
        if piece.count < Body.shortest { break }
        index = next
      }
    }

    /// Skips spaces, quotes, escaped line ends, commas, and the marks of comments and of joined strings.
    private static func afterSeparators(_ text: SearchText, _ start: Int) -> Int {
      var index = start
      while let byte = text.byte(index) {
        if byte == UInt8(ascii: "\\"), let letter = text.byte(index + 1), "nrt".utf8.contains(letter) {
          index += 2
        } else if byte <= 32 || "\"'`\\,>|#*(){};".utf8.contains(byte) {
          index += 1
        } else if byte == UInt8(ascii: "/") && text.byte(index + 1) == UInt8(ascii: "/") {
          index += 2
        } else if byte == UInt8(ascii: "+"), index > start, let next = text.byte(index + 1),
          next <= 32 || next == UInt8(ascii: "\"")
        {
          // Joined strings: `"MII..\n" +`.
          index += 2
        } else if byte == UInt8(ascii: "%"), text.byte(index + 1) == UInt8(ascii: "0") {
          index += 3
        } else {
          break
        }
      }
      return min(index, text.count)
    }

    private static func header(_ text: SearchText, _ index: Int) -> (text: String, end: Int)? {
      let nameEnd = text.end(of: [.letters, .dash], from: index, limit: 24)
      guard nameEnd > index, text.byte(nameEnd) == UInt8(ascii: ":") else { return nil }
      var end = nameEnd
      while let byte = text.byte(end), byte != 10, byte != 13, byte != UInt8(ascii: "\\"), end - nameEnd < 200 {
        end += 1
      }
      return (text.string(index..<end), end)
    }
  }
}
