import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Tells random text, as in keys, from what people write, as in the placeholders of examples.
enum Plausibility {
  /// Parts of placeholders for keys in examples and templates. None is shorter than five letters, so that random text
  /// hardly ever contains one.
  private static let placeholders = [
    "example", "placeholder", "xxxxx", "redacted", "changeme", "change_me", "change-me", "replace", "insert", "sample",
    "dummy",
    "notreal", "not-a-real", "not_a_real", "fakekey", "faketoken", "fake_", "fake-", "your_", "your-", "yourkey",
    "yourtoken", "yourapi",
    "yoursecret", "yourpass", "mytoken", "mysecret", "my_secret", "my-secret", "_here", "-here", "todo_", "notasecret",
    "<your", "foobar",
    "testtest", "abcdef0123", "123456789", "0123456", "1234567", "987654", "qwerty", "asdf", "lorem",
    "deadbeef", "cafebabe",
    "obfuscated", "masked", "hidden", "******", ".....", "secretkey", "accesskey", "secret_key", "supersecret",
    "invalid",
  ]

  /// Whether a text contains a placeholder, or is too regular to be a key.
  static func isPlaceholder(_ value: ArraySlice<UInt8>) -> Bool {
    let lowered = value.map(SearchText.lowered)
    return placeholders.contains { lowered.contains(text: $0) } || isRegular(value)
  }

  /// Whether characters repeat or count up or down, there are few of them, or one part repeats.
  static func isRegular(_ value: ArraySlice<UInt8>) -> Bool {
    let text = Array(value)
    guard text.count >= 4 else { return true }
    var same = 1
    var up = 1
    var down = 1
    for index in 1..<text.count {
      let step = Int(text[index]) - Int(text[index - 1])
      same = step == 0 ? same + 1 : 1
      up = step == 1 ? up + 1 : 1
      down = step == -1 ? down + 1 : 1
      if same >= 7 || up >= 7 || down >= 7 { return true }
    }
    if Set(text).count < min(6, text.count / 2 + 1) { return true }
    guard text.count >= 12 else { return false }
    if isAlternating(text) { return true }
    return (1...text.count / 2).contains { period in
      (period..<text.count).allSatisfy { text[$0] == text[$0 - period] }
    }
  }

  /// Whether letters and digits alternate: `a1b2c3d4e5f6g7h8i9`.
  private static func isAlternating(_ text: [UInt8]) -> Bool {
    var last: Bool?
    var count = 0
    for byte in text where Alphabet.alphanumeric.contains(byte) {
      let isDigit = Alphabet.digits.contains(byte)
      count = isDigit == last ? 1 : count + 1
      if count >= 18 { return true }
      last = isDigit
    }
    return false
  }

  /// The entropy in bits per character (Shannon 1948).
  static func entropy(_ value: ArraySlice<UInt8>) -> Double {
    guard !value.isEmpty else { return 0 }
    var counts = [Int](repeating: 0, count: 256)
    for byte in value { counts[Int(byte)] += 1 }
    let total = Double(value.count)
    return counts.reduce(0) { sum, count in
      guard count > 0 else { return sum }
      let share = Double(count) / total
      return sum - share * log2(share)
    }
  }

  /// Whether the characters of a key, without its prefix, are random.
  static func isRandom(_ value: ArraySlice<UInt8>) -> Bool {
    if isPlaceholder(value) || PublishedKeys.contains(value) { return false }
    let isHex = value.allSatisfy { Alphabet.hex.contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    if !isHex, LetterPairs.areWords(value) || isMadeOfWords(value) { return false }
    // Random text has almost as much entropy as its length allows.
    let most = log2(Double(min(value.count, isHex ? 16 : 64)))
    return entropy(value) >= most * 0.62
  }

  /// Whether every part is a word or a number: `long-names-of-words_and_2_numbers`.
  private static func isMadeOfWords(_ value: ArraySlice<UInt8>) -> Bool {
    let parts = value.split { !Alphabet.alphanumeric.contains($0) }
    guard parts.count >= 3 else { return false }
    // Random text hardly ever has three short parts of one kind of character each. One part may be a product's name.
    let odd = parts.filter { part in
      part.count > 3 && !isWordOrNumber(part)
    }
    let hasWord = parts.contains { $0.count >= 3 && $0.allSatisfy { Alphabet.letters.contains($0) } }
    let isProduct = odd.count == 1 && odd[0].count <= 9 && !odd[0].contains { Alphabet.upper.contains($0) }
    if hasWord, odd.isEmpty || isProduct { return true }
    return parts.allSatisfy { part in
      let letters = part.count { Alphabet.letters.contains($0) }
      let isNumber = letters == 0 && part.count <= 4
      return isNumber
        || letters == part.count && part.count <= 12 && (part.count < 4 || LetterPairs.score(part).mean > -0.5)
    }
  }

  /// Whether a part is all digits, or at most twelve letters of one case, perhaps capitalized.
  private static func isWordOrNumber(_ part: ArraySlice<UInt8>) -> Bool {
    if part.allSatisfy({ Alphabet.digits.contains($0) }) { return true }
    return part.count <= 12
      && (part.dropFirst().allSatisfy { Alphabet.lower.contains($0) } && Alphabet.letters.contains(part.first ?? 0)
        || part.allSatisfy { Alphabet.upper.contains($0) })
  }

  /// The number of kinds of characters in a password: lower-case and upper-case letters, digits, others.
  static func kinds(_ value: ArraySlice<UInt8>) -> Int {
    let alphabets: [Alphabet] = [.lower, .upper, .digits]
    let known = alphabets.count { alphabet in value.contains { alphabet.contains($0) } }
    return known + (value.contains { !Alphabet.alphanumeric.contains($0) } ? 1 : 0)
  }

  /// Words that examples use as passwords, and the most common passwords, which protect nothing.
  private static let commonPasswords = [
    "password", "passwd", "secret", "test", "admin", "root", "user", "guest", "login", "demo", "foo", "bar", "abc",
    "qwerty",
    "letmein", "welcome", "postgres", "mysql", "minioadmin", "changeit", "default", "pass", "none", "null", "true",
    "false", "string",
    "token", "value", "empty", "unset", "hidden", "xxx", "optional", "required",
  ]

  /// Whether a text under a password's name is a password that protects something.
  static func isPassword(_ value: ArraySlice<UInt8>) -> Bool {
    guard (6...128).contains(value.count), value.allSatisfy({ $0 > 32 && $0 < 127 }) else { return false }
    if isPlaceholder(value) || isHash(value) || PublishedKeys.contains(value) { return false }
    let kinds = kinds(value)
    let letters = value.count { Alphabet.letters.contains($0) }
    guard letters > 0, kinds >= 2 else {
      return letters >= 12 && !LetterPairs.areWords(value)
    }
    if kinds == 2, value.allSatisfy({ Alphabet.letters.contains($0) }), LetterPairs.areWords(value) || value.count < 12
    {
      return false
    }
    if kinds <= 2 || value.count < 8 {
      let lowered = value.map(SearchText.lowered)
      if commonPasswords.contains(where: { lowered.contains(text: $0) }) { return false }
    }
    // Names of variables, and words of a sentence.
    let isName = value.allSatisfy { Alphabet.url.contains($0) || "./:@".utf8.contains($0) }
    if isName, kinds <= 3, !value.contains(where: { Alphabet.digits.contains($0) }) {
      return !LetterPairs.areWords(value) && letters >= 12
    }
    return !(isName && isMadeOfWords(value))
  }

  /// Whether a value is the hash of a password, or encrypted by a tool.
  static func isHash(_ value: ArraySlice<UInt8>) -> Bool {
    let lowered = value.prefix(16).map(SearchText.lowered)
    return [
      "$2a$", "$2b$", "$2y$", "$1$", "$5$", "$6$", "$y$", "$argon2", "$apr1$", "$scrypt", "pbkdf2", "{sha", "{ssha",
      "{cipher}", "enc(", "enc[",
      "scram-sha", "sha1$", "sha256:", "sha256-", "sha256$", "sha384-", "sha512-", "sha512:", "sha1-", "sha1:", "md5:",
      "bcrypt",
    ]
    .contains { lowered.starts(with: $0.utf8) }
  }
}
