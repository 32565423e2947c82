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
