/// The text of a JSON document as Python's `json` decodes it: UTF-8, UTF-16 or UTF-32, with or without a byte order
/// mark (`json.detect_encoding`).
enum JSONText {
  enum Encoding: Equatable {
    case utf8(mark: Int)
    case wide(bytes: Int, isBig: Bool, mark: Int)
  }

  static func encoding(_ head: [UInt8]) -> Encoding {
    if head.starts(with: [0, 0, 0xFE, 0xFF]) { return .wide(bytes: 4, isBig: true, mark: 4) }
    if head.starts(with: [0xFF, 0xFE, 0, 0]) { return .wide(bytes: 4, isBig: false, mark: 4) }
    if head.starts(with: [0xFE, 0xFF]) { return .wide(bytes: 2, isBig: true, mark: 2) }
    if head.starts(with: [0xFF, 0xFE]) { return .wide(bytes: 2, isBig: false, mark: 2) }
    if head.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8(mark: 3) }
    guard head.count >= 4 else { return .utf8(mark: 0) }
    // A document begins with an ASCII character, so the places of its zero bytes tell how wide it is.
    if head[0] == 0 { return .wide(bytes: head[1] == 0 ? 4 : 2, isBig: true, mark: 0) }
    if head[1] == 0 { return .wide(bytes: head[2] == 0 && head[3] == 0 ? 4 : 2, isBig: false, mark: 0) }
    return .utf8(mark: 0)
  }

  /// The text in UTF-8, without a byte order mark. Nil for wide units that are not characters.
  static func utf8(_ bytes: [UInt8], _ encoding: Encoding) -> [UInt8]? {
    guard case .wide(let width, let isBig, let mark) = encoding else {
      if case .utf8(let mark) = encoding, mark > 0 { return Array(bytes.dropFirst(mark)) }
      return bytes
    }
    guard (bytes.count - min(mark, bytes.count)) % width == 0 else { return nil }
    var units: [UInt32] = []
    units.reserveCapacity(bytes.count / width)
    var index = mark
    while index + width <= bytes.count {
      var unit: UInt32 = 0
      for place in 0..<width { unit = unit << 8 | UInt32(bytes[isBig ? index + place : index + width - 1 - place]) }
      units.append(unit)
      index += width
    }
    if width == 4 {
      var text = String.UnicodeScalarView()
      for unit in units {
        guard let scalar = Unicode.Scalar(unit) else { return nil }
        text.append(scalar)
      }
      return Array(String(text).utf8)
    }
    return String(validating: units.map { UInt16(truncatingIfNeeded: $0) }, as: UTF16.self).map { Array($0.utf8) }
  }

  /// The first character that is not white space; nil if there is none in the head.
  static func first(_ head: [UInt8], _ encoding: Encoding) -> UInt8? {
    var skipped = 0
    if case .utf8(let mark) = encoding { skipped = mark }
    if case .wide(_, _, let mark) = encoding { skipped = mark }
    return head.dropFirst(skipped).first { ![0, 0x20, 0x09, 0x0A, 0x0D].contains($0) }
  }
}
