/// PEM private keys in base64, whatever precedes them.
struct EncodedKeyRule: SecretRule {
  /// The base64 of `-----BEGIN `.
  let anchors = texts("LS0tLS1CRUdJTi")

  private static let limit = 1024

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    let run = EncodedText.Run(text, from: index, limit: index + EncodedKeyRule.limit)
    guard let found = PrivateKeyRule().find(in: SearchText(run.decoded(text)), at: 0) else { return nil }
    return SecretFinding(range: index..<run.end, what: "\(found.what) in base64", doubt: found.doubt)
  }
}

/// Binary private keys: PKCS #8 (RFC 5958) in DER.
struct KeyStructureRule: SecretRule {
  /// The algorithm, followed by an octet string with the private key. A public key has a bit string there.
  private static let forms: [[UInt8]] = [
    [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04, 0x82],
    [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x04], [0x2B, 0x81, 0x04, 0x00, 0x22, 0x04],
    [0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
  ]

  var anchors: [[UInt8]] { KeyStructureRule.forms }

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard let form = KeyStructureRule.forms.first(where: { text.has($0, at: index) }) else { return nil }
    return SecretFinding(range: index..<index + form.count, what: "a private key")
  }
}

/// PuTTY's private keys (PuTTY manual, appendix C).
struct PuTTYKeyRule: SecretRule {
  let anchors = texts("PuTTY-User-Key-File-")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    let head = text.string(index..<index + 2048)
    guard head.contains("Private-Lines:") || head.contains("Private-Hash:") || head.contains("Public-Lines:") else {
      return nil
    }
    let isPlain = head.contains("Encryption: none")
    return SecretFinding(
      range: index..<index + anchors[0].count, what: isPlain ? "a PuTTY private key" : "an encrypted PuTTY private key",
      doubt: isPlain ? nil : "it is encrypted")
  }
}

/// The secret keys of age (C2SP, age).
struct AgeKeyRule: SecretRule {
  let anchors = texts("AGE-SECRET-KEY-1", "AGE-PLUGIN-")
  private let shapes = [TokenShape("AGE-SECRET-KEY-1<U58>"), TokenShape("AGE-PLUGIN-<U1-30>-1<U20-200>")]

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard let range = shapes.lazy.compactMap({ $0.match(text, at: index) }).first else { return nil }
    let own = text.bytes[range]
    guard !Plausibility.isPlaceholder(own.suffix(40)) else { return nil }
    return SecretFinding(
      range: range, what: "an age secret key", doubt: Checksums.isBech32(own) ? nil : "its checksum is wrong")
  }
}
