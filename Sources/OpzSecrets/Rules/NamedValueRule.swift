/// Values assigned to names that suggest a secret: `DB_PASSWORD=..`, `"api_key": ".."`. A value counts if it is random, or
/// a password that protects something; a placeholder does not.
struct NamedValueRule: SecretRule {
  let ignoresCase = true
  let anchors = texts(
    "pass", "pwd", "_pw", "secret", "token", "key", "auth", "cred", "_pat", "-pat", "jwt", "bearer", "_sas")
  private static let longestName = 80

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard let name = NamedValueRule.name(text, index), let kind = SecretName.kind(text.bytes[name]),
      let value = NamedValue(after: name, in: text)
    else { return nil }
    let own = text.bytes[value.range]
    guard !NamedValueRule.isReference(own, value) else { return nil }
    switch kind {
    case .password:
      guard Plausibility.isPassword(own) || own.count >= 20 && isKey(own) else { return nil }
      return SecretFinding(range: value.range, what: "a password", rank: 0)
    case .key:
      if NamedValueRule.isLogin(own) { return SecretFinding(range: value.range, what: "a login in base64", rank: 1) }
      guard isKey(own) else { return nil }
      return SecretFinding(range: value.range, what: "a key or token", rank: 0)
    }
  }

  /// The whole name around an anchor.
  private static func name(_ text: SearchText, _ index: Int) -> Range<Int>? {
    let alphabet: Alphabet = [.url, .dot]
    var start = text.start(of: alphabet, before: index, limit: longestName)
    // The letter of an escape before the name: `\napi_key`.
    if text.byte(start - 1) == UInt8(ascii: "\\"), start < index, "nrt".utf8.contains(text.bytes[start]) { start += 1 }
    let end = text.end(of: alphabet, from: index, limit: longestName)
    return end - start < longestName ? start..<end : nil
  }

  /// Whether a value says where the secret is: a variable, a call, a path, an address, a pattern.
  private static func isReference(_ value: ArraySlice<UInt8>, _ named: NamedValue) -> Bool {
    guard let first = value.first else { return true }
    if ".~<%{[(*".utf8.contains(first), !named.isQuoted || "<{~.".utf8.contains(first) { return true }
    if !named.isQuoted, value.contains(where: { "{}<>()".utf8.contains($0) }) { return true }
    if hasField(value) || isAssignment(value) || first == UInt8(ascii: ":") && !named.isQuoted { return true }
    if first == UInt8(ascii: "/"), !isBase64(value) { return true }
    if first == UInt8(ascii: "$"), !Plausibility.isHash(value) { return true }
    if Array(value).contains(text: "://") || Plausibility.isHash(value) { return true }
    if ["(?", "[^", "a-z", "A-Z"].contains(where: { Array(value).contains(text: $0) }) { return true }
    // The text is abbreviated.
    if value.count > 8, value.suffix(3).elementsEqual("...".utf8) { return true }
    if value.starts(with: "arn:".utf8) || value.starts(with: "data:".utf8) || value.starts(with: "ssh-".utf8)
      || value.starts(with: "-----".utf8)
    {
      return true
    }
    if [".json", ".pem", ".txt", ".key", ".yaml", ".yml", ".env"].contains(where: {
      value.suffix($0.utf8.count).elementsEqual($0.utf8)
    }) {
      return true
    }
    // In code, an unquoted name is another variable.
    return !named.isQuoted && !named.hasScheme
      && value.allSatisfy { Alphabet.letters.contains($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
      && (value.contains(UInt8(ascii: ".")) || value.contains(UInt8(ascii: "_")) || LetterPairs.areWords(value))
  }

  /// Whether a program or a person has to fill in a part: `{name}`, `${NAME}`, `$(command)`, `%(name)s`, `<name>`.
  private static func hasField(_ value: ArraySlice<UInt8>) -> Bool {
    for (open, close) in [("{", "}"), ("(", ")"), ("<", ">"), ("[", "]")] {
      guard let start = value.firstIndex(of: open.utf8.first ?? 0),
        let end = value[start...].firstIndex(of: close.utf8.first ?? 0)
      else { continue }
      let inner = value[(start + 1)..<end]
      let isMarked = start > value.startIndex && "$%#{".utf8.contains(value[start - 1])
      if isMarked || inner.count >= 2 && inner.allSatisfy({ Alphabet.word.contains($0) || ". -:".utf8.contains($0) }) {
        return true
      }
    }
    return false
  }

  /// Whether it is an argument of a call: `name=value`.
  private static func isAssignment(_ value: ArraySlice<UInt8>) -> Bool {
    guard let equals = value.firstIndex(of: UInt8(ascii: "=")),
      value[equals...].contains(where: { $0 != UInt8(ascii: "=") })
    else { return false }
    let name = value[..<equals]
    return name.count >= 3 && name.allSatisfy { Alphabet.letters.contains($0) || $0 == UInt8(ascii: "_") }
      && LetterPairs.score(name).mean > 0
  }

  /// Whether a value that begins with a slash is base64, not a path.
  private static func isBase64(_ value: ArraySlice<UInt8>) -> Bool {
    value.count >= 40 && value.allSatisfy { Alphabet.base64.contains($0) || $0 == UInt8(ascii: "=") }
      && !LetterPairs.areWords(value)
  }

  /// Whether a value is random, and long enough for a key.
  private func isKey(_ value: ArraySlice<UInt8>) -> Bool {
    guard value.count >= 16, value.allSatisfy({ $0 > 32 && $0 < 127 }) else { return false }
    // WebTokenRule judges JSON Web Tokens.
    if value.starts(with: "eyJ".utf8),
      Base64Text.decode(value.prefix { $0 != UInt8(ascii: ".") }).contains(text: "\"alg\"")
    {
      return false
    }
    let letters = value.count { Alphabet.letters.contains($0) }
    let digits = value.count { Alphabet.digits.contains($0) }
    guard letters > 0, digits > 0 || value.count >= 20 && Plausibility.kinds(value) >= 2 else { return false }
    guard Plausibility.isRandom(value), !NamedValueRule.isPath(value) else { return false }
    let decoded = Base64Text.decode(value)
    let isText = decoded.allSatisfy { $0 >= 32 && $0 < 127 || $0 == 10 }
    return !isText || value.count < 20 || !Plausibility.isPlaceholder(decoded[...]) && !LetterPairs.areWords(decoded)
  }

  /// Whether a value is a path of words: `projects/churn/secrets/token/versions/1`.
  private static func isPath(_ value: ArraySlice<UInt8>) -> Bool {
    let parts = value.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    return parts.count >= 3 && parts.allSatisfy { $0.count < 12 || LetterPairs.areWords($0) }
  }

  /// Whether a value is the base64 of `user:password`, as in Docker's configuration and HTTP Basic authentication.
  private static func isLogin(_ value: ArraySlice<UInt8>) -> Bool {
    guard value.count >= 8, value.allSatisfy({ Alphabet.base64.contains($0) || $0 == UInt8(ascii: "=") }) else {
      return false
    }
    let decoded = Base64Text.decode(value)
    guard decoded.allSatisfy({ $0 >= 32 && $0 < 127 }), let colon = decoded.firstIndex(of: UInt8(ascii: ":")), colon > 0
    else { return false }
    let password = decoded[(colon + 1)...]
    return Plausibility.isPassword(password) || password.count >= 16 && Plausibility.isRandom(password)
  }
}
