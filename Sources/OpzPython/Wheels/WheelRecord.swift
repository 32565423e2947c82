import OpzIO

/// The list of a wheel's files with their digests (PyPA, recording installed projects: the RECORD file).
struct WheelRecord {
  struct Row: Hashable {
    /// Nil for RECORD itself.
    let digest: Digest?
    let size: UInt64?
  }

  /// By the path's bytes.
  private(set) var rows: [[UInt8]: Row] = [:]

  /// - Parameters:
  ///   - subject: the file's name, for errors.
  ///   - own: the path of the file itself, the only one that needs no digest.
  init(_ bytes: [UInt8], own: [UInt8], of subject: String) throws {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw PythonError(.malformed, subject, reason: "it is not UTF-8")
    }
    var lines = CSVLines(bytes)
    while let fields = try lines.next(of: subject) {
      if fields == [[]] { continue }
      let path = fields[0]
      let name = String(decoding: path.prefix(200), as: UTF8.self)
      guard fields.count == 3 else {
        throw PythonError(.malformed, subject, reason: "the line of \"\(name)\" has \(fields.count) columns, not 3")
      }
      let digest = Digest(record: String(decoding: fields[1], as: UTF8.self))
      guard digest != nil || (path == own && fields[1].isEmpty) else {
        throw PythonError(.malformed, subject, reason: "the line of \"\(name)\" has no sha256 or sha512 digest")
      }
      let size = UInt64(String(decoding: fields[2], as: UTF8.self))
      guard size != nil || fields[2].isEmpty else {
        throw PythonError(.malformed, subject, reason: "the line of \"\(name)\" has a size that is not a number")
      }
      let row = Row(digest: digest, size: size)
      // Some build tools list a file twice.
      if let before = rows.updateValue(row, forKey: path), before != row {
        throw PythonError(.malformed, subject, reason: "there are two different lines for \"\(name)\"")
      }
    }
  }

  /// One line, quoted like Python's csv module.
  static func line(_ path: [UInt8], _ digest: Digest?, size: UInt64?) -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    var field = path
    if path.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") }) {
      field = [quote] + path.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
    return field + Array(",\(digest?.recordText ?? ""),\(size.map { "\($0)" } ?? "")\n".utf8)
  }
}

/// Lines of comma-separated fields, optionally in double quotes.
private struct CSVLines {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// The next line's fields; nil at the end.
  mutating func next(of subject: String) throws -> [[UInt8]]? {
    guard !rest.isEmpty else { return nil }
    var fields: [[UInt8]] = []
    while true {
      fields.append(try field(of: subject))
      guard let byte = rest.popFirst() else { return fields }
      if byte == UInt8(ascii: ",") { continue }
      if byte == UInt8(ascii: "\r"), rest.first == UInt8(ascii: "\n") { rest.removeFirst() }
      return fields
    }
  }

  private mutating func field(of subject: String) throws -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    guard rest.first == quote else {
      let plain = rest.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      rest = rest[plain.endIndex...]
      return Array(plain)
    }
    rest.removeFirst()
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte != quote {
        value.append(byte)
      } else if rest.first == quote {
        rest.removeFirst()
        value.append(quote)
      } else if rest.first.map({ [UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains($0) }) ?? true {
        return value
      } else {
        break
      }
    }
    throw PythonError(.malformed, subject, reason: "a quote is not closed, or text follows a closing quote")
  }
}
