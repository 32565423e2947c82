/// The checksums in tokens, which tell a token from other text of the same form.
enum Checksums {
  /// The CRC-32 (ISO 3309) with the reversed polynomial.
  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var value: UInt32 = .max
    for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
    return ~value
  }

  private static let table: [UInt32] = (0..<256).map { start in
    (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  /// Six base-62 digits, in the order 0-9A-Za-z: the end of a GitHub or npm token (GitHub, "Behind GitHub's new
  /// authentication token formats", 2021).
  static func base62(_ value: UInt32) -> [UInt8] {
    let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    var rest = Int(value)
    return (0..<6).map { _ in
      defer { rest /= 62 }
      return digits[rest % 62]
    }.reversed()
  }

  /// Hex digits with the lowest byte first: the end of a Grafana token (grafana, pkg/components/satokengen).
  static func littleEndianHex(_ value: UInt32) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return (0..<4).flatMap { index -> [UInt8] in
      let byte = Int(value >> UInt32(8 * index) & 0xFF)
      return [digits[byte >> 4], digits[byte & 15]]
    }
  }

  /// Whether the last six characters of a Bech32 text are its checksum (BIP 173). age writes its keys in capitals.
  static func isBech32(_ text: ArraySlice<UInt8>) -> Bool {
    let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    let lowered = text.map(SearchText.lowered)
    guard let separator = lowered.lastIndex(of: UInt8(ascii: "1")), separator > 0 else { return false }
    let prefix = lowered[..<separator]
    var values = prefix.map { Int($0 >> 5) } + [0] + prefix.map { Int($0 & 31) }
    for byte in lowered[(separator + 1)...] {
      guard let value = alphabet.firstIndex(of: byte) else { return false }
      values.append(value)
    }
    let generator = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    let sum = values.reduce(1) { sum, value in
      let top = sum >> 25
      let next = (sum & 0x1ff_ffff) << 5 ^ value
      return generator.indices.reduce(next) { $0 ^ (top >> $1 & 1 == 1 ? generator[$1] : 0) }
    }
    return sum == 1
  }
}
