/// Base64 (RFC 4648) as it is found in files: either alphabet, with and without padding, with line ends.
enum Base64Text {
  private static let values: [UInt8] = (0..<256).map { value -> UInt8 in
    switch UInt8(value) {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(value) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt8(value) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt8(value) + 4
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: 255
    }
  }

  /// The bytes that a text stands for. Whatever is not of the alphabet is passed over.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var found: [UInt8] = []
    found.reserveCapacity(text.count / 4 * 3 + 3)
    var bits: UInt32 = 0
    var count = 0
    for byte in text {
      let value = values[Int(byte)]
      if value == 255 { continue }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        found.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return found
  }
}
