import OpzIO

/// Keys and tokens that have a form of their own, so that few other texts look like them.
enum SecretPatterns {
  struct Match: Hashable {
    let offset: Int
    let what: String
  }

  /// A prefix that nothing else has, then characters of an alphabet.
  private struct Token {
    let prefix: [UInt8]
    let length: ClosedRange<Int>
    let alphabet: Alphabet
    let what: String

    init(_ prefix: String, _ length: ClosedRange<Int>, _ alphabet: Alphabet, _ what: String) {
      self.prefix = Array(prefix.utf8)
      self.length = length
      self.alphabet = alphabet
      self.what = what
    }
  }

  private enum Alphabet {
    case upper, alphanumeric, url

    func contains(_ byte: UInt8) -> Bool {
      switch byte {
      case 48...57, 65...90: true
      case 97...122: self != .upper
      case UInt8(ascii: "-"), UInt8(ascii: "_"): self == .url
      default: false
      }
    }
  }

  private static let tokens: [Token] = [
    Token("AKIA", 16...16, .upper, "an AWS access key"), Token("ASIA", 16...16, .upper, "an AWS session key"),
    Token("AIza", 35...35, .url, "a Google API key"), Token("ghp_", 36...36, .alphanumeric, "a GitHub token"),
    Token("gho_", 36...36, .alphanumeric, "a GitHub token"), Token("ghs_", 36...36, .alphanumeric, "a GitHub token"),
    Token("github_pat_", 82...82, .url, "a GitHub token"), Token("glpat-", 20...64, .url, "a GitLab token"),
    Token("xoxb-", 40...120, .url, "a Slack token"), Token("xoxp-", 40...120, .url, "a Slack token"),
    Token("hf_", 34...34, .alphanumeric, "a Hugging Face token"), Token("npm_", 36...36, .alphanumeric, "an npm token"),
    Token("pypi-AgEIcHlwaS5vcmc", 50...400, .url, "a PyPI token"),
    Token("sk_live_", 24...99, .alphanumeric, "a Stripe key"),
    Token("sk-ant-", 80...120, .url, "an Anthropic key"), Token("dckr_pat_", 27...27, .url, "a Docker token"),
  ]

  private static let byFirst: [[Token]] = {
    var table = [[Token]](repeating: [], count: 256)
    for token in tokens { table[Int(token.prefix[0])].append(token) }
    return table
  }()

  static func matches(_ bytes: [UInt8]) -> [Match] {
    var found: [Match] = []
    bytes.withUnsafeBufferPointer { bytes in
      for index in bytes.indices {
        let byte = bytes[index]
        if byte == UInt8(ascii: "-") {
          if let what = privateKey(bytes, index) { found.append(Match(offset: index, what: what)) }
          continue
        }
        for token in byFirst[Int(byte)] where isThere(token, bytes, index) {
          found.append(Match(offset: index, what: token.what))
        }
        if found.count >= 20 { return }
      }
    }
    return found
  }

  private static func isThere(_ token: Token, _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    let start = index + token.prefix.count
    guard start + token.length.lowerBound <= bytes.count, bytes[index..<start].elementsEqual(token.prefix) else {
      return false
    }
    if index > 0, Alphabet.url.contains(bytes[index - 1]) { return false }
    var end = start
    while end < bytes.count, end - start <= token.length.upperBound, token.alphabet.contains(bytes[end]) { end += 1 }
    guard token.length.contains(end - start) else { return false }
    if end < bytes.count, Alphabet.alphanumeric.contains(bytes[end]) { return false }
    return !isExample(bytes[start..<end])
  }

  /// Examples of documentation, and texts of one letter.
  private static func isExample(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let text = String(decoding: value, as: UTF8.self).uppercased()
    if ["EXAMPLE", "XXXX", "0000000", "1234567"].contains(where: text.contains) { return true }
    return Set(text.utf8).count < 6
  }

  /// `-----BEGIN .. PRIVATE KEY-----` with a body; line ends may be escaped, as in a service account's JSON.
  private static func privateKey(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> String? {
    let head = Array("-----BEGIN ".utf8)
    guard index + 64 <= bytes.count, bytes[index..<(index + head.count)].elementsEqual(head) else { return nil }
    let line = String(decoding: bytes[index..<min(bytes.count, index + 64)], as: UTF8.self)
    guard let end = line.firstRange(of: "PRIVATE KEY-----") ?? line.firstRange(of: "PRIVATE KEY BLOCK-----") else {
      return nil
    }
    let label = line[..<end.lowerBound]
    if label.contains("\n") { return nil }
    var digits = 0
    var letters: Set<UInt8> = []
    for byte in bytes[(index + label.utf8.count + 16)..<min(bytes.count, index + 600)] {
      guard Alphabet.alphanumeric.contains(byte) || [43, 47, 61].contains(byte) else { continue }
      digits += 1
      letters.insert(byte)
    }
    // A word like PRIVATE KEY in a text has no body.
    guard digits >= 64, letters.count >= 20 else { return nil }
    return label.contains("ENCRYPTED") ? "an encrypted private key" : "a private key"
  }
}
