/// A secret that a seed makes anew, of a kind that people have. Nothing of the kind is written down: forges refuse repositories that hold what
/// looks like a secret.
public struct SecretSample: Sendable {
  public let kind: String
  /// What a variable with it is called.
  public let variable: String
  /// One line, or a file.
  public let value: String
  /// Whether its form alone tells it, wherever it stands.
  public let tellsItself: Bool

  /// A kind, and how one of it is made.
  public struct Kind: Sendable {
    public let name: String
    let variable: String
    let tellsItself: Bool
    let make: @Sendable (inout SeededGenerator) -> String

    /// Makes a secret of this kind: the same one for the same seed.
    public func sample(seed: UInt64) -> SecretSample {
      var random = SeededGenerator(seed: seed)
      return SecretSample(kind: name, variable: variable, value: make(&random), tellsItself: tellsItself)
    }

    /// A token of a form of its own.
    static func token(_ name: String, _ variable: String, make: @escaping @Sendable (inout SeededGenerator) -> String)
      -> Kind
    {
      Kind(name: name, variable: variable, tellsItself: true, make: make)
    }

    /// One that its variable's name tells.
    static func named(_ name: String, _ variable: String, make: @escaping @Sendable (inout SeededGenerator) -> String)
      -> Kind
    {
      Kind(name: name, variable: variable, tellsItself: false, make: make)
    }
  }
}

extension SeededGenerator {
  static let digits = "0123456789"
  static let lower = "abcdefghijklmnopqrstuvwxyz"
  static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  static let hexDigits = "0123456789abcdef"
  static let alphanumeric = digits + lower + upper
  static let urlDigits = alphanumeric + "-_"

  /// Draws a text of `count` characters, each uniformly from `alphabet`, which must not be empty.
  public mutating func text(_ count: Int, of alphabet: String) -> String {
    let alphabet = Array(alphabet)
    return String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &self)] })
  }

  mutating func hex(_ count: Int) -> String { text(count, of: SeededGenerator.hexDigits) }
  mutating func letters(_ count: Int) -> String { text(count, of: SeededGenerator.alphanumeric) }
  mutating func url(_ count: Int) -> String { text(count, of: SeededGenerator.urlDigits) }
  mutating func capitals(_ count: Int) -> String { text(count, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") }
  mutating func base64(_ bytes: Int) -> String { TestEncodings.base64(self.bytes(bytes)) }

  /// Draws 32 hex digits in the layout of a UUID (RFC 9562, section 4); the version and variant bits are random too.
  public mutating func uuid() -> String {
    [8, 4, 4, 4, 12].map { hex($0) }.joined(separator: "-")
  }

  /// As a program makes one: of every kind of character.
  mutating func password() -> String {
    let marks = "!#%*+_-=?"
    let start =
      text(3, of: SeededGenerator.lower) + text(2, of: SeededGenerator.digits) + text(2, of: SeededGenerator.upper)
    return start + text(1, of: marks) + letters(6)
  }
}

/// Encodings of bytes, written apart from the program's.
public enum TestEncodings {
  /// Encodes bytes in base64 (RFC 4648).
  ///
  /// - Parameter url: whether to use the URL-safe alphabet (section 5), without padding.
  public static func base64(_ bytes: [UInt8], url: Bool = false) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + (url ? "-_" : "+/"))
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let value = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
      for index in 0..<4 {
        if index <= part.count { text.append(digits[value >> (18 - 6 * index) & 63]) } else if !url { text.append("=") }
      }
    }
    return text
  }

  static func crc32(_ text: String) -> UInt32 { RawZip.crc32(Array(text.utf8)) }

  /// GitHub's and npm's tokens end so.
  static func base62(_ value: UInt32) -> String {
    var digits: [Character] = []
    var rest = value
    for _ in 0..<6 {
      digits.append(Array(SeededGenerator.digits + SeededGenerator.upper + SeededGenerator.lower)[Int(rest % 62)])
      rest /= 62
    }
    return String(digits.reversed())
  }

  /// Bech32 (BIP 173), in capitals.
  static func bech32(_ prefix: String, _ bytes: [UInt8]) -> String {
    let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l")
    var bits = bytes.flatMap { byte in (0..<8).reversed().map { Int(byte >> UInt8($0) & 1) } }
    while bits.count % 5 != 0 { bits.append(0) }
    let values = stride(from: 0, to: bits.count, by: 5).map { bits[$0..<$0 + 5].reduce(0) { $0 << 1 | $1 } }
    let head = prefix.utf8.map { Int($0 >> 5) } + [0] + prefix.utf8.map { Int($0 & 31) }
    var sum = 1
    for value in head + values + [0, 0, 0, 0, 0, 0] {
      let top = sum >> 25
      sum = (sum & 0x1ffffff) << 5 ^ value
      for (index, generator) in [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].enumerated()
      where top >> index & 1 == 1 {
        sum ^= generator
      }
    }
    let check = (0..<6).map { (sum ^ 1) >> (5 * (5 - $0)) & 31 }
    return (prefix + "1" + String((values + check).map { alphabet[$0] })).uppercased()
  }

  static func lines(_ text: String, of width: Int = 64) -> String {
    let text = Array(text)
    return stride(from: 0, to: text.count, by: width).map { String(text[$0..<min($0 + width, text.count)]) }.joined(
      separator: "\n")
  }

  static func pem(_ label: String, _ bytes: [UInt8], headers: String = "") -> String {
    "-----BEGIN \(label)-----\n\(headers)\(lines(base64(bytes)))\n-----END \(label)-----\n"
  }

  /// In UTF-16.
  public static func wide(_ text: String, bigEndian: Bool = false, mark: Bool = false) -> [UInt8] {
    ((mark ? "\u{FEFF}" : "") + text).utf16.flatMap { unit -> [UInt8] in
      let bytes = [UInt8(unit & 255), UInt8(unit >> 8)]
      return bigEndian ? bytes.reversed() : bytes
    }
  }

  /// As a string of JSON.
  public static func json(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped + "\""
  }
}
