/// Lower-case hexadecimal.
public enum Hex {
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.underestimatedCount * 2)
    append(Array(bytes), to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The digits as bytes.
  public static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
  }

  /// The 16 digits of a number.
  static func append(_ word: UInt64, to text: inout [UInt8]) {
    for shift in stride(from: 60, through: 0, by: -4) {
      text.append(digit(UInt8(truncatingIfNeeded: word &>> UInt64(shift)) & 15))
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value &+ (value < 10 ? 48 : 87) }

  /// The number that 16 lower-case digits spell, all at once: a registry's files have millions of digests.
  static func word(_ digits: UnsafeRawPointer) -> UInt64? {
    let text = digits.loadUnaligned(as: SIMD16<UInt8>.self)
    let (figures, letters) = (text &- 48, text &- 97)
    let isFigure = figures .< 10
    guard all(isFigure .| (letters .< 6)) else { return nil }
    let values = (letters &+ 10).replacing(with: figures, where: isFigure)
    let bytes = values.evenHalf &<< 4 | values.oddHalf
    return UInt64(bigEndian: unsafeBitCast(bytes, to: UInt64.self))
  }

  /// The bytes that lower-case digits spell; nil for an odd number of them and for other characters.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for digit in text {
      let value: UInt8
      switch digit {
      case 48...57: value = digit - 48
      case 97...102: value = digit - 87
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }
}
