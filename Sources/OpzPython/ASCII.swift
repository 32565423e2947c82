/// Classes of bytes. Python's names, versions and tags are ASCII.
enum ASCII {
  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// Removes spaces, tabs and carriage returns at both ends.
  static func trimmed(_ text: Substring) -> Substring {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
    let bytes = text.utf8
    guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return text[first..<bytes.index(after: last)]
  }

  /// Lines that end with LF, CR or CR LF, as in Python's text files.
  static func lines(_ text: String) -> [Substring] {
    let bytes = text.utf8
    var lines: [Substring] = []
    var start = bytes.startIndex
    var place = start
    while place < bytes.endIndex {
      let byte = bytes[place]
      let next = bytes.index(after: place)
      if byte == 0x0a || byte == 0x0d {
        lines.append(text[start..<place])
        start = next
        if byte == 0x0d, next < bytes.endIndex, bytes[next] == 0x0a { start = bytes.index(after: next) }
        place = start
      } else {
        place = next
      }
    }
    lines.append(text[start...])
    return lines
  }
}
