import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whether a text was made by chance, as keys are, or by a person, as what stands in its place in examples.
enum Plausibility {
  /// Parts of what stands for a key in examples and templates. None of them is shorter than five letters, so that chance hardly makes one.
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

  /// Whether a text is one of those, or too regular to be a key.
  static func isPlaceholder(_ value: ArraySlice<UInt8>) -> Bool {
    let lowered = value.map(SearchText.lowered)
    return placeholders.contains { lowered.contains(text: $0) } || isRegular(value)
  }

  /// Repeated characters, counted ones, few ones, one part again and again.
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

  /// A letter, a digit, a letter, a digit: `a1b2c3d4e5f6g7h8i9`.
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

  /// Bits a character (Shannon 1948).
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

  /// Whether characters of a key's own part, of any alphabet, were made by chance.
  static func isRandom(_ value: ArraySlice<UInt8>) -> Bool {
    if isPlaceholder(value) || PublishedKeys.contains(value) { return false }
    let isHex = value.allSatisfy { Alphabet.hex.contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    if !isHex, LetterPairs.areWords(value) || isMadeOfWords(value) { return false }
    // Chance alone comes within a bit of what the length allows.
    let most = log2(Double(min(value.count, isHex ? 16 : 64)))
    return entropy(value) >= most * 0.62
  }

  /// `long-names-of-words_and_2_numbers`: every part is a word or a number.
  private static func isMadeOfWords(_ value: ArraySlice<UInt8>) -> Bool {
    let parts = value.split { !Alphabet.alphanumeric.contains($0) }
    guard parts.count >= 3 else { return false }
    // Chance hardly makes three parts that are short and of one kind of character each; one may be a product's name.
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

  /// Of at most twelve letters of one case, the first of which may be a capital, or of digits.
  private static func isWordOrNumber(_ part: ArraySlice<UInt8>) -> Bool {
    if part.allSatisfy({ Alphabet.digits.contains($0) }) { return true }
    return part.count <= 12
      && (part.dropFirst().allSatisfy { Alphabet.lower.contains($0) } && Alphabet.letters.contains(part.first ?? 0)
        || part.allSatisfy { Alphabet.upper.contains($0) })
  }

  /// The kinds of characters in a password: small letters, capitals, digits, others.
  static func kinds(_ value: ArraySlice<UInt8>) -> Int {
    let alphabets: [Alphabet] = [.lower, .upper, .digits]
    let known = alphabets.count { alphabet in value.contains { alphabet.contains($0) } }
    return known + (value.contains { !Alphabet.alphanumeric.contains($0) } ? 1 : 0)
  }

  /// Words that stand for a password in examples, and the worst passwords, which guard nothing.
  private static let commonPasswords = [
    "password", "passwd", "secret", "test", "admin", "root", "user", "guest", "login", "demo", "foo", "bar", "abc",
    "qwerty",
    "letmein", "welcome", "postgres", "mysql", "minioadmin", "changeit", "default", "pass", "none", "null", "true",
    "false", "string",
    "token", "value", "empty", "unset", "hidden", "xxx", "optional", "required",
  ]

  /// Whether a text that is called a password is one that somebody made to keep others out.
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
    // names_of_variables, and words of a sentence.
    let isName = value.allSatisfy { Alphabet.url.contains($0) || "./:@".utf8.contains($0) }
    if isName, kinds <= 3, !value.contains(where: { Alphabet.digits.contains($0) }) {
      return !LetterPairs.areWords(value) && letters >= 12
    }
    return !(isName && isMadeOfWords(value))
  }

  /// What is left of a password after hashing it, and what a tool encrypted.
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
