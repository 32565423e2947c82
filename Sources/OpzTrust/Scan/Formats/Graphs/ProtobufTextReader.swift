/// Protocol Buffers' text format, as much of it as is needed to find the strings in a field.
///
/// Source: protobuf.dev/reference/protobuf/textformat-spec: strings in either kind of quotes, with escapes, adjacent
/// ones joined; comments after `#`.
struct ProtobufTextReader {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The strings in all fields with this name, at any depth, without repetitions.
  static func texts(of field: String, in bytes: [UInt8]) -> Set<String> {
    var message = ProtobufTextReader(bytes)
    return message.read(Array(field.utf8))
  }

  private mutating func read(_ field: [UInt8]) -> Set<String> {
    var found: Set<String> = []
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "#") {
        skipComment()
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        _ = text(byte)
      } else if ProtobufTextReader.isName(byte) {
        let start = index
        while index < bytes.count, ProtobufTextReader.isName(bytes[index]) { index += 1 }
        guard bytes[start..<index].elementsEqual(field) else { continue }
        skipSpace()
        if index < bytes.count, bytes[index] == UInt8(ascii: ":") { index += 1 }
        if let value = joinedStrings() { found.insert(value) }
      } else {
        index += 1
      }
    }
    return found
  }

  private static func isName(_ byte: UInt8) -> Bool {
    byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  private mutating func skipComment() {
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
  }

  private mutating func skipSpace() {
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "#") {
        skipComment()
      } else if bytes[index] <= 0x20 {
        index += 1
      } else {
        return
      }
    }
  }

  private mutating func joinedStrings() -> String? {
    var found: [UInt8]?
    while true {
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'") else {
        return found.map { String(decoding: $0, as: UTF8.self) }
      }
      found = (found ?? []) + text(bytes[index])
    }
  }

  /// Reads a string, of which 1,000 bytes are kept.
  private mutating func text(_ quote: UInt8) -> [UInt8] {
    index += 1
    var found: [UInt8] = []
    while index < bytes.count, bytes[index] != quote {
      var byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "\\"), index < bytes.count { byte = escape() }
      if found.count < 1000 { found.append(byte) }
    }
    index += 1
    return found
  }

  private mutating func escape() -> UInt8 {
    let byte = bytes[index]
    index += 1
    let (radix, most): (Int, Int)
    switch byte {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): (radix, most) = (16, 2)
    case UInt8(ascii: "u"): (radix, most) = (16, 4)
    case UInt8(ascii: "U"): (radix, most) = (16, 8)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      index -= 1
      (radix, most) = (8, 3)
    default: return byte
    }
    var value = 0
    var count = 0
    while count < most, index < bytes.count, let digit = Character(UnicodeScalar(bytes[index])).hexDigitValue,
      digit < radix
    {
      value = (value * radix + digit) & 0xFFFF
      index += 1
      count += 1
    }
    return UInt8(truncatingIfNeeded: value)
  }
}
