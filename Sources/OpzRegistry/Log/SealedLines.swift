import OpzIO
import OpzStore
import SystemPackage

/// The lines of a cache file: fields separated by tabs, and in the last line the SHA-256 of everything before.
///
/// Lines are read in place, because a search over 100,000 versions reads as many lines and needs few of their fields.
struct SealedLines {
  static let newline = UInt8(ascii: "\n")
  static let tab = UInt8(ascii: "\t")

  private let bytes: [UInt8]
  /// Where the line with the hash starts.
  private let end: Int
  private var place = 0
  /// The ranges of the current line's fields.
  private var cuts: [Range<Int>] = []

  /// Nil for a file without a hash, or whose content does not match it.
  init?(_ file: FilePath) {
    guard let bytes = try? SmallFile.read(file, limit: 256 << 20) else { return nil }
    guard bytes.last == SealedLines.newline, let cut = bytes.dropLast().lastIndex(of: SealedLines.newline) else {
      return nil
    }
    var hasher = DigestHasher(.sha256)
    bytes.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[...cut])) }
    guard Digest(sha256Hex: bytes[(cut + 1)..<(bytes.count - 1)]) == hasher.finish() else { return nil }
    self.bytes = bytes
    end = cut + 1
  }

  /// Moves to the next line. False at the end.
  mutating func next() -> Bool {
    guard place < end else { return false }
    cuts.removeAll(keepingCapacity: true)
    bytes.withUnsafeBufferPointer { bytes in
      var start = place
      var index = place
      while bytes[index] != SealedLines.newline {
        if bytes[index] == SealedLines.tab {
          cuts.append(start..<index)
          start = index + 1
        }
        index += 1
      }
      cuts.append(start..<index)
      place = index + 1
    }
    return true
  }

  /// The number of fields in the current line.
  var count: Int { cuts.count }

  subscript(field: Int) -> ArraySlice<UInt8> { bytes[cuts[field]] }

  func text(_ field: Int) -> String { String(decoding: self[field], as: UTF8.self) }

  /// The field's text. If it equals `known`, that string is returned, so that many fields share one.
  func text(_ field: Int, or known: String) -> String {
    self[field].elementsEqual(known.utf8) ? known : text(field)
  }

  func isEmpty(_ field: Int) -> Bool { cuts[field].isEmpty }

  /// The field's text, with escaped tabs and line breaks decoded.
  func unescaped(_ field: Int) -> String { SealedLines.unescape(text(field)) }

  /// Writes lines and their hash. The file can be rebuilt, so it is not synced.
  static func write(_ file: FilePath, _ lines: consuming [UInt8]) throws {
    let digest = Digest.of(lines)
    Hex.append(digest.bytes, to: &lines)
    lines.append(newline)
    try Durable.makeDirectory(file.removingLastComponent())
    try Durable.replaceWithoutSync(file, with: lines)
  }

  /// Escapes control characters and `%`: tabs and line breaks in tags and actors would end a field.
  static func escape(_ text: String) -> String {
    var bytes: [UInt8] = []
    append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends a text, escaped.
  static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { text in
      guard text.contains(where: { $0 < 32 || $0 == 37 }) else { return bytes.append(contentsOf: text) }
      for byte in text {
        if byte < 32 || byte == 37 {
          bytes.append(37)
          Hex.append([byte], to: &bytes)
        } else {
          bytes.append(byte)
        }
      }
    }
  }

  static func unescape(_ text: String) -> String {
    guard text.utf8.contains(37) else { return text }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == 37, let value = Hex.decode(rest.prefix(2)), value.count == 1 {
        bytes.append(value[0])
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
