/// Base64 (RFC 4648) as it is found in files: either alphabet, with and without padding, with line ends.
enum Base64Text {
  /// The bytes that a text stands for. Characters that are not of the alphabet are ignored.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var found: [UInt8] = []
    found.reserveCapacity(text.count / 4 * 3 + 3)
    decode(text) { found.append($0) }
    return found
  }

  /// Calls `body` with each byte that a text stands for.
  @inline(__always)
  static func decode(_ text: some Sequence<UInt8>, _ body: (UInt8) -> Void) {
    var bits: UInt32 = 0
    var count = 0
    for character in text {
      guard let value = value(of: character) else { continue }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        body(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
  }

  @inline(__always)
  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
