/// Passwords and tokens in addresses: `scheme://user:password@host` (RFC 3986, 3.2.1).
struct AddressRule: SecretRule {
  let anchors = texts("://")
  private static let limit = 512

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    let scheme = text.start(of: [.alphanumeric, .plusSlash, .dash, .dot], before: index, limit: 24)
    guard index - scheme >= 2 else { return nil }
    let start = index + 3
    var end = start
    var at: Int?
    while let byte = text.byte(end), end - start < AddressRule.limit, byte > 32, byte < 127,
      !"/\"'`<>\\?#,".utf8.contains(byte)
    {
      if byte == UInt8(ascii: "@") { at = end }
      end += 1
    }
    guard let at, at > start, at + 1 < end else { return nil }
    let login = text.bytes[start..<at]
    guard !AddressRule.isFilledIn(login) else { return nil }
    guard let colon = login.firstIndex(of: UInt8(ascii: ":")) else {
      // Sentry's addresses contain a public key.
      let isPublic = text.mentions(["sentry"], in: at..<end)
      guard login.count >= 20, !isPublic, Plausibility.isRandom(login) else { return nil }
      return SecretFinding(range: start..<at, what: "a token in a URL", rank: 1)
    }
    let password = login[(colon + 1)...]
    let user = login[..<colon]
    guard !password.elementsEqual(user), AddressRule.isPassword(password) else { return nil }
    return SecretFinding(range: colon + 1..<at, what: "a password in a URL", rank: 1)
  }

  /// Whether a program or a person has to fill in a part: `${PASSWORD}`, `$PASSWORD`, `{password}`, `***`.
  private static func isFilledIn(_ login: ArraySlice<UInt8>) -> Bool {
    login.indices.contains { index in
      let byte = login[index]
      if "{}*[]".utf8.contains(byte) { return true }
      guard byte == UInt8(ascii: "$"), index + 1 < login.endIndex else { return false }
      return Alphabet.letters.contains(login[index + 1]) || "_(".utf8.contains(login[index + 1])
    }
  }

  /// Whether it is a password; weaker ones count too, because anything written there is used as one.
  static func isPassword(_ value: ArraySlice<UInt8>) -> Bool {
    if Plausibility.isPassword(value) || value.count >= 20 && Plausibility.isRandom(value) { return true }
    guard value.count >= 8, value.allSatisfy({ Alphabet.letters.contains($0) }) else { return false }
    return !Plausibility.isPlaceholder(value) && LetterPairs.score(value).mean < -0.8
  }
}

/// Passwords in Oracle's JDBC addresses: `jdbc:oracle:thin:user/password@host`, which RFC 3986 does not allow.
struct OracleAddressRule: SecretRule {
  let anchors = texts("jdbc:oracle:")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    var end = index
    while let byte = text.byte(end), end - index < 256, byte > 32, byte < 127, !"\"'`<>@".utf8.contains(byte) {
      end += 1
    }
    guard text.byte(end) == UInt8(ascii: "@"),
      let slash = (index..<end).first(where: { text.bytes[$0] == UInt8(ascii: "/") }), slash + 1 < end,
      AddressRule.isPassword(text.bytes[slash + 1..<end])
    else { return nil }
    return SecretFinding(range: slash + 1..<end, what: "a password in a URL", rank: 1)
  }
}

/// Addresses that include their own authorization: shared access signatures of Azure.
struct SignedAddressRule: SecretRule {
  let ignoresCase = true
  let anchors = texts("sig=", "sig%3D", "sig\\u003d")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard text.isBoundary(before: index) || text.byte(index - 1) == UInt8(ascii: "&") else { return nil }
    let start =
      index + (text.byte(index + 3) == UInt8(ascii: "=") ? 4 : text.byte(index + 3) == UInt8(ascii: "%") ? 6 : 9)
    let end = text.end(of: [.base64, .url, .percent, .equals], from: start, limit: 120)
    let around = index - 400..<end + 400
    guard end - start >= 43,
      text.mentions(["sv=", "se=", "sv%3d", "se%3d", "sv\\u003d", "sharedaccesssignature"], in: around),
      Plausibility.isRandom(text.bytes[start..<end])
    else { return nil }
    return SecretFinding(range: start..<end, what: "an Azure shared access signature")
  }
}

/// Files with logins: `.netrc` and PostgreSQL's `.pgpass`.
struct PasswordFileRule: SecretRule {
  let anchors = texts(
    "machine", "default login", ":5432:", ":5433:", ":5439:", ":6432:", ":6543:", ":26257:", ":*:")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    text.byte(index) == UInt8(ascii: ":") ? postgres(text, index) : netrc(text, index)
  }

  /// Reads a line `host:port:database:user:password`.
  private func postgres(_ text: SearchText, _ index: Int) -> SecretFinding? {
    func isEnd(_ byte: UInt8) -> Bool { byte <= 32 || "\"'`".utf8.contains(byte) }
    var start = index
    while let byte = text.byte(start - 1), !isEnd(byte), index - start < 256 { start -= 1 }
    var end = index
    while let byte = text.byte(end), !isEnd(byte), byte != UInt8(ascii: "\\"), end - index < 512 { end += 1 }
    let fields = text.bytes[start..<end].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard fields.count == 5, fields[1].allSatisfy({ Alphabet.digits.contains($0) || $0 == UInt8(ascii: "*") }),
      !fields[0].isEmpty,
      !fields[3].isEmpty, Plausibility.isPassword(fields[4])
    else { return nil }
    return SecretFinding(range: fields[4].startIndex..<fields[4].endIndex, what: "a PostgreSQL password", rank: 1)
  }

  /// Reads `machine host login user password secret`, on one or several lines (ftp(1)).
  private func netrc(_ text: SearchText, _ index: Int) -> SecretFinding? {
    guard text.isBoundary(before: index) else { return nil }
    var words: [ArraySlice<UInt8>] = []
    var position = index
    while words.count < 10, position < text.count, position - index < 1024 {
      if text.byte(position) == UInt8(ascii: "\\"), let letter = text.byte(position + 1), "nrt".utf8.contains(letter) {
        position += 2
        continue
      }
      if text.bytes[position] <= 32 {
        position += 1
        continue
      }
      let start = position
      while let byte = text.byte(position), byte > 32, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "\"") {
        position += 1
      }
      if position == start { break }
      words.append(text.bytes[start..<position])
    }
    guard words.count >= 4, ["machine", "default"].contains(where: { words[0].elementsEqual($0.utf8) }),
      let place = words.indices.dropFirst(2).first(where: { words[$0].elementsEqual("password".utf8) }),
      words.indices.contains(place + 1)
    else { return nil }
    let value = words[place + 1]
    guard !value.contains(where: { "{}<>$".utf8.contains($0) }) else { return nil }
    guard Plausibility.isPassword(value) || value.count >= 16 && Plausibility.isRandom(value) else { return nil }
    return SecretFinding(range: value.startIndex..<value.endIndex, what: "a password in .netrc format", rank: 1)
  }
}
