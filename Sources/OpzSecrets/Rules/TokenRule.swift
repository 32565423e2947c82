/// A token with a form of its own.
struct TokenRule: SecretRule {
  /// What a text of the form has to be, to be a token.
  enum Check: Sendable {
    /// Random.
    case random
    /// Its last six characters are the base-62 CRC-32 of what is between the prefix and them: GitHub, npm.
    case base62
    /// Its last eight characters are the CRC-32 of everything before the last underscore: Grafana.
    case grafana
    /// Random, with one of these words nearby.
    case near([String])
    /// Numbers and a random last part, joined by dashes: Slack.
    case slack
    /// The base64 of an object with this member, not a placeholder: Grafana's older keys.
    case member(String)
    /// Not a placeholder. For short tokens in capitals, which may look like words.
    case filled
    /// Anything: the form is enough.
    case form
  }

  let shape: TokenShape
  let what: String
  let check: Check

  init(_ shape: String, _ what: String, check: Check = .random) {
    self.shape = TokenShape(shape)
    self.what = what
    self.check = check
  }

  var anchors: [[UInt8]] { [shape.anchor] }

  /// The longest distance to a word of `near`, in bytes.
  private static let reach = 200

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard let range = shape.match(text, at: index) else { return nil }
    let found = SecretFinding(range: range, what: what)
    // Without the prefix, which all tokens of the form share.
    let after = min(index + shape.anchor.count, range.upperBound)
    let isAfter = range.upperBound - after >= index - range.lowerBound
    let own = text.bytes[isAfter ? after..<range.upperBound : range.lowerBound..<index]
    switch check {
    case .form: return found
    case .filled: return Plausibility.isPlaceholder(own) || PublishedKeys.contains(own) ? nil : found
    case .random: return Plausibility.isRandom(own) ? found : nil
    case .slack: return Plausibility.isRandom(own) && TokenRule.isSlack(own) ? found : nil
    case .member(let name):
      let decoded = Base64Text.decode(text.bytes[range])
      return decoded.contains(text: "\"\(name)\":") && !Plausibility.isPlaceholder(decoded[...]) ? found : nil
    case .near(let words):
      let around = range.lowerBound - TokenRule.reach..<range.upperBound + TokenRule.reach
      return Plausibility.isRandom(own) && text.mentions(words, in: around) ? found : nil
    case .base62:
      let isRight = Checksums.base62(Checksums.crc32(own.dropLast(6))).elementsEqual(own.suffix(6))
      return checked(found, own, isRight: isRight)
    case .grafana:
      let isRight = Checksums.littleEndianHex(Checksums.crc32(text.bytes[range].dropLast(9))).elementsEqual(
        own.suffix(8))
      return checked(found, own, isRight: isRight)
    }
  }

  private static func isSlack(_ own: ArraySlice<UInt8>) -> Bool {
    let parts = own.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard let last = parts.last, last.count >= 10 else { return false }
    return parts.dropLast().allSatisfy { part in
      part.count == 1 || part.count >= 8 || part.contains { !Alphabet.digits.contains($0) }
    }
  }

  private func checked(_ found: SecretFinding, _ own: ArraySlice<UInt8>, isRight: Bool) -> SecretFinding? {
    if PublishedKeys.contains(own) { return nil }
    if isRight { return found }
    guard Plausibility.isRandom(own) else { return nil }
    var doubtful = found
    doubtful.doubt = "its checksum is wrong"
    return doubtful
  }
}
