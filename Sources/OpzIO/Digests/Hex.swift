/// Encodes and decodes lower-case hexadecimal.
public enum Hex {
  /// Returns the two digits of each byte.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.underestimatedCount * 2)
    append(Array(bytes), to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the two ASCII digits of each byte to `text`.
  public static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
  }

  /// Parses 16 lower-case digits; nil for other characters. The local registry's files have millions of digests, so
  /// eight digits are read at once.
  static func word(_ digits: UnsafeRawPointer) -> UInt64? {
    guard let high = half(digits.loadUnaligned(as: UInt64.self)),
      let low = half(digits.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    else { return nil }
    return high << 32 | low
  }

  /// The value 1 in each byte.
  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// Parses eight digits, loaded as bytes in the order of memory.
  private static func half(_ loaded: UInt64) -> UInt64? {
    let text = UInt64(bigEndian: loaded)
    // Digits are 0x30..0x39, letters 0x61..0x66: bit 6 tells them apart. `letters` has a 1 in the bytes that are
    // letters.
    let letters = text &>> 6 & ones
    var value = (text & (ones &* 15)) &+ letters &* 9
    guard text & (ones &* 0xF0) == (ones &* 0x30) &+ letters &* 0x30, value & (ones &* 16) == 0,
      (value &+ (ones &* 6)) &>> 4 & ones == letters
    else { return nil }
    value = (value | value &>> 4) & 0x00FF_00FF_00FF_00FF
    value = (value | value &>> 8) & 0x0000_FFFF_0000_FFFF
    return (value | value &>> 16) & 0xFFFF_FFFF
  }

  /// Appends the 16 lower-case digits of a number.
  static func append(_ word: UInt64, to text: inout [UInt8]) {
    for half in [word &>> 32, word & 0xFFFF_FFFF] {
      var value = (half | half &<< 16) & 0x0000_FFFF_0000_FFFF
      value = (value | value &<< 8) & 0x00FF_00FF_00FF_00FF
      value = (value | value &<< 4) & (ones &* 15)
      let letters = (value &+ (ones &* 6)) &>> 4 & ones
      value = value &+ ones &* 0x30 &+ letters &* 39
      withUnsafeBytes(of: value.bigEndian) { text.append(contentsOf: $0) }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value &+ (value < 10 ? 48 : 87) }

  /// Parses lower-case digits into bytes; nil for an odd number of digits and for other characters.
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
