/// Splits the bytes of a CSV table (RFC 4180) into fields. A field that starts with a quote may contain commas, line
/// breaks and doubled quotes; a quote elsewhere in a field is an ordinary character.
struct CSVRecords {
  private let bytes: [UInt8]
  private var index = 0
  /// The line on which the last record started, from 1.
  private(set) var line = 0
  private var nextLine: Int

  init(_ bytes: [UInt8], line: Int) {
    self.bytes = bytes
    nextLine = line
  }

  /// Reads the next record's fields; false at the end. Empty lines are skipped.
  /// - Throws: `ModelError.badRows` for invalid UTF-8 and for an unclosed quote.
  mutating func next(into fields: inout [String]) throws -> Bool {
    fields.removeAll(keepingCapacity: true)
    while index < bytes.count,
      bytes[index] == 10 || (bytes[index] == 13 && index + 1 < bytes.count && bytes[index + 1] == 10)
    {
      if bytes[index] == 10 { nextLine += 1 }
      index += 1
    }
    guard index < bytes.count else { return false }
    line = nextLine
    while true {
      fields.append(try bytes[index...].first == UInt8(ascii: "\"") ? quoted() : plain())
      guard index < bytes.count else { return true }
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: ",") { continue }
      nextLine += 1
      return true
    }
  }

  /// Reads up to the next comma or line break and leaves `index` on it.
  private mutating func plain() throws -> String {
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: ","), bytes[index] != 10 { index += 1 }
    var end = index
    if end > start, bytes[end - 1] == 13, end == bytes.count || bytes[end] == 10 { end -= 1 }
    return try text(bytes[start..<end])
  }

  private mutating func quoted() throws -> String {
    index += 1
    var content: [UInt8] = []
    while true {
      guard index < bytes.count else { throw failure("a quote is not closed") }
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "\"") {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { break }
        index += 1
      }
      if byte == 10 { nextLine += 1 }
      content.append(byte)
    }
    if index < bytes.count, bytes[index] == 13, index + 1 == bytes.count || bytes[index + 1] == 10 { index += 1 }
    guard index == bytes.count || bytes[index] == UInt8(ascii: ",") || bytes[index] == 10 else {
      throw failure("text follows a closing quote")
    }
    return try text(content[...])
  }

  private func text(_ raw: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: raw, as: UTF8.self) else { throw failure("text that is not UTF-8") }
    return text
  }

  private func failure(_ reason: String) -> ModelError { ModelError(.badRows, "line \(line)", reason) }

  /// Appends a field, quoted if necessary.
  static func write(_ text: String, to output: inout [UInt8]) {
    let special = text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13 }
    guard special else {
      output.append(contentsOf: text.utf8)
      return
    }
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { output.append(byte) }
      output.append(byte)
    }
    output.append(UInt8(ascii: "\""))
  }
}

/// Reads small CSV tables into memory.
public enum CSVTable {
  /// All records, including the header.
  /// - Throws: `ModelError.badRows` with the line number.
  public static func read(_ bytes: [UInt8], name: String) throws -> [[String]] {
    let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    var records = CSVRecords(content, line: 1)
    var rows: [[String]] = []
    var fields: [String] = []
    do {
      while try records.next(into: &fields) { rows.append(fields) }
    } catch let error as ModelError {
      throw ModelError(error.code, "\(name), \(error.subject)", error.reason, hint: error.hint)
    }
    return rows
  }
}

/// Tracks the quotes of a CSV table, byte by byte, to find where records end. `CSVRecords` splits fields by the same
/// rules: a quote opens a field only at its start, so the result does not depend on where the input is cut.
struct CSVCursor {
  private enum State {
    case fieldStart, plain, quoted
    /// After a quote inside quotes: the end of the field, or the first of a doubled quote.
    case quote
  }

  private var state = State.fieldStart

  /// - Returns: whether a record ends with `byte`.
  @inline(__always)
  mutating func endsRecord(_ byte: UInt8) -> Bool {
    if byte == UInt8(ascii: "\"") {
      switch state {
      case .fieldStart, .quote: state = .quoted
      case .quoted: state = .quote
      case .plain: break
      }
      return false
    }
    guard state != .quoted else { return false }
    state = byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") ? .fieldStart : .plain
    return byte == UInt8(ascii: "\n")
  }

  /// The end of the last complete record in `bytes` from `start` on; nil if there is none.
  mutating func lastBoundary(_ bytes: [UInt8], from start: Int) -> Int? {
    var boundary: Int?
    bytes.withUnsafeBufferPointer { buffer in
      for index in start..<buffer.count where endsRecord(buffer[index]) { boundary = index + 1 }
    }
    return boundary
  }

  /// The end of the first record in `bytes`; the end of `bytes` if no line break ends it.
  static func firstBoundary(_ bytes: [UInt8]) -> Int {
    var cursor = CSVCursor()
    return bytes.firstIndex { cursor.endsRecord($0) }.map { $0 + 1 } ?? bytes.count
  }
}
