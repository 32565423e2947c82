/// A set of ASCII characters that a part of a token is made of: a bit for each character.
struct Alphabet: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// Characters below 64: marks and digits.
  private var low: UInt64
  /// Characters from 64 on: letters and marks.
  private var high: UInt64

  @inline(__always)
  private init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// The union of some alphabets.
  @inline(__always)
  init(arrayLiteral elements: Alphabet...) {
    self.init(low: 0, high: 0)
    for element in elements {
      low |= element.low
      high |= element.high
    }
  }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    let half = byte & 64 == 0 ? low : high
    return byte < 128 && half &>> UInt64(byte & 63) & 1 == 1
  }

  // The values are written out so that the compiler makes constants of them: a search looks at them for each byte.
  static var digits: Alphabet { Alphabet(low: 0x03FF_0000_0000_0000, high: 0) }
  static var lower: Alphabet { Alphabet(low: 0, high: 0x07FF_FFFE_0000_0000) }
  static var upper: Alphabet { Alphabet(low: 0, high: 0x0000_0000_07FF_FFFE) }
  static var letters: Alphabet { Alphabet(low: 0, high: 0x07FF_FFFE_07FF_FFFE) }
  static var alphanumeric: Alphabet { Alphabet(low: 0x03FF_0000_0000_0000, high: 0x07FF_FFFE_07FF_FFFE) }
  static var lowercaseHex: Alphabet { Alphabet(low: 0x03FF_0000_0000_0000, high: 0x0000_007E_0000_0000) }
  static var hex: Alphabet { Alphabet(low: 0x03FF_0000_0000_0000, high: 0x0000_007E_0000_007E) }
  static var underscore: Alphabet { Alphabet(low: 0, high: 0x8000_0000) }
  static var dash: Alphabet { Alphabet(low: 0x2000_0000_0000, high: 0) }
  static var plusSlash: Alphabet { Alphabet(low: 0x8800_0000_0000, high: 0) }
  static var equals: Alphabet { Alphabet(low: 0x2000_0000_0000_0000, high: 0) }
  static var dot: Alphabet { Alphabet(low: 0x4000_0000_0000, high: 0) }
  static var tilde: Alphabet { Alphabet(low: 0, high: 0x4000_0000_0000_0000) }
  static var percent: Alphabet { Alphabet(low: 0x20_0000_0000, high: 0) }
  /// The characters of a name in most languages.
  static var word: Alphabet { Alphabet(low: 0x03FF_0000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE) }
  /// The characters of the name of a constant, and of a variable of the environment.
  static var constant: Alphabet { Alphabet(low: 0x03FF_0000_0000_0000, high: 0x0000_0000_87FF_FFFE) }
  /// Base64 for URLs, without padding.
  static var url: Alphabet { Alphabet(low: 0x03FF_2000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE) }
  /// Base64, without padding.
  static var base64: Alphabet { Alphabet(low: 0x03FF_8800_0000_0000, high: 0x07FF_FFFE_07FF_FFFE) }

  /// The alphabet that a letter stands for in `TokenShape`.
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
    case "J": self = [.url, .dot, .equals]
    case "b": self = .base64
    case "B": self = [.base64, .equals]
    case "p": self = [.alphanumeric, .percent]
    case "e": self = [.base64, .url, .equals]
    case "t": self = [.url, .dot, .tilde]
    default: return nil
    }
  }
}
