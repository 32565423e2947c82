/// Splits the bytes of a small CSV table into texts. `RecordParser` does the same for large ones without making texts.
package struct CSVRecords {
  private let bytes: [UInt8]
  private let dialect: CSVDialect
  private let mostFields: Int
  private var index = 0
  /// The line on which the last record started, from 1.
  package private(set) var line = 0
  private var nextLine: Int

  /// - Parameter mostFields: fields of a record; a text of each byte would be sixteen.
  package init(_ bytes: [UInt8], line: Int, _ dialect: CSVDialect, mostFields: Int = .max) {
    self.bytes = bytes
    self.dialect = dialect
    self.mostFields = mostFields
    nextLine = line
  }

  /// Reads the next record's fields; false at the end. Empty lines are skipped.
  /// - Throws: `ModelError.badRows` for invalid UTF-8, an unclosed quote, and too many fields.
  package mutating func next(into fields: inout [String]) throws -> Bool {
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
      guard fields.count < mostFields else { throw failure("more than \(mostFields) fields") }
      fields.append(try bytes[index...].first == dialect.quote ? quoted() : plain())
      guard index < bytes.count else { return true }
      let byte = bytes[index]
      index += 1
      if byte == dialect.delimiter { continue }
      nextLine += 1
      return true
    }
  }

  /// Reads up to the next delimiter or line break and leaves `index` on it.
  private mutating func plain() throws -> String {
    let start = index
    while index < bytes.count, bytes[index] != dialect.delimiter, bytes[index] != 10 { index += 1 }
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
      if byte == dialect.quote {
        guard index < bytes.count, bytes[index] == dialect.quote else { break }
        index += 1
      }
      if byte == 10 { nextLine += 1 }
      content.append(byte)
    }
    if index < bytes.count, bytes[index] == 13, index + 1 == bytes.count || bytes[index + 1] == 10 { index += 1 }
    guard index == bytes.count || bytes[index] == dialect.delimiter || bytes[index] == 10 else {
      throw failure("text follows a closing quote")
    }
    return try text(content[...])
  }

  private func text(_ raw: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: raw, as: UTF8.self) else { throw failure("text that is not UTF-8") }
    return text
  }

  private func failure(_ reason: String) -> ModelError { ModelError(.badRows, "line \(line)", reason: reason) }
}

/// Reads small CSV tables into memory.
public enum CSVTable {
  /// What pandas, and so MLflow's server, takes for missing.
  package static let missing: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
  ]

  /// All records, including the header.
  /// - Throws: `ModelError.badRows` with the line number.
  public static func read(_ bytes: [UInt8], name: String) throws -> [[String]] {
    let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    var records = CSVRecords(content, line: 1, .standard)
    var rows: [[String]] = []
    var fields: [String] = []
    do {
      while try records.next(into: &fields) { rows.append(fields) }
    } catch let error as ModelError {
      throw ModelError(error.code, "\(name), \(error.subject)", reason: error.reason, hint: error.hint)
    }
    return rows
  }
}
