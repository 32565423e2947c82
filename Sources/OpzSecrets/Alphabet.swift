/// A set of ASCII characters that a part of a token is made of.
struct Alphabet: OptionSet, Sendable {
  let rawValue: UInt16

  static let digits = Alphabet(rawValue: 1)
  private static let lowerHex = Alphabet(rawValue: 2)
  private static let upperHex = Alphabet(rawValue: 4)
  private static let lowerRest = Alphabet(rawValue: 8)
  private static let upperRest = Alphabet(rawValue: 16)
  static let underscore = Alphabet(rawValue: 32)
  static let dash = Alphabet(rawValue: 64)
  static let plusSlash = Alphabet(rawValue: 128)
  static let equals = Alphabet(rawValue: 256)
  static let dot = Alphabet(rawValue: 512)
  static let tilde = Alphabet(rawValue: 1024)
  static let percent = Alphabet(rawValue: 2048)

  static let lower: Alphabet = [.lowerHex, .lowerRest]
  static let upper: Alphabet = [.upperHex, .upperRest]
  static let letters: Alphabet = [.lower, .upper]
  static let alphanumeric: Alphabet = [.letters, .digits]
  /// Of a name in most languages.
  static let word: Alphabet = [.alphanumeric, .underscore]
  static let lowercaseHex: Alphabet = [.digits, .lowerHex]
  static let hex: Alphabet = [.digits, .lowerHex, .upperHex]
  /// Base64 for URLs, without padding.
  static let url: Alphabet = [.word, .dash]
  /// Base64, without padding.
  static let base64: Alphabet = [.alphanumeric, .plusSlash]

  /// By the letter that stands for it in `TokenShape`.
  init?(letter: Character) {
    switch letter {
    case "d": self = .digits
    case "h": self = .lowercaseHex
    case "H": self = .hex
    case "l": self = [.lower, .digits]
    case "U": self = [.upper, .digits]
    case "L": self = .letters
    case "a": self = .alphanumeric
    case "w": self = .url
    case "j": self = [.url, .dot]
    case "b": self = .base64
    case "B": self = [.base64, .equals]
    case "e": self = [.base64, .url, .equals]
    case "t": self = [.url, .dot, .tilde]
    default: return nil
    }
  }

  init(rawValue: UInt16) { self.rawValue = rawValue }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool { Alphabet.table[Int(byte)] & rawValue != 0 }

  private static let table: [UInt16] = (0..<256).map { value -> UInt16 in
    switch UInt8(value) {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.rawValue
    case UInt8(ascii: "a")...UInt8(ascii: "f"): lowerHex.rawValue
    case UInt8(ascii: "A")...UInt8(ascii: "F"): upperHex.rawValue
    case UInt8(ascii: "g")...UInt8(ascii: "z"): lowerRest.rawValue
    case UInt8(ascii: "G")...UInt8(ascii: "Z"): upperRest.rawValue
    case UInt8(ascii: "_"): underscore.rawValue
    case UInt8(ascii: "-"): dash.rawValue
    case UInt8(ascii: "+"), UInt8(ascii: "/"): plusSlash.rawValue
    case UInt8(ascii: "="): equals.rawValue
    case UInt8(ascii: "."): dot.rawValue
    case UInt8(ascii: "~"): tilde.rawValue
    case UInt8(ascii: "%"): percent.rawValue
    default: 0
    }
  }
}
