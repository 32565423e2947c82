import OpzIO

/// A table for people: aligned columns with two spaces between them, and no trailing spaces.
struct TextTable {
  private var rows: [[String]]
  /// The columns to align right, which hold numbers.
  private let right: Set<Int>

  init(_ header: [String], right: Set<Int> = []) {
    rows = header.isEmpty ? [] : [header]
    self.right = right
  }

  /// Adds a row. Cells may contain untrusted text, so newlines in them are escaped.
  mutating func add(_ row: [String]) { rows.append(row.map { PrintableText.line($0) }) }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return right.contains(column) ? space + cell : cell + space
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
