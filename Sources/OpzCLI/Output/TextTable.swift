import OpzIO

/// A table for people: aligned columns with two spaces between them, and no trailing spaces.
///
/// On a terminal that is too narrow for it, digests are shortened first; then the widest columns are wrapped. In pipes
/// and files each row is one line with whole digests.
struct TextTable {
  private var rows: [[String]]
  /// The columns to align right, which hold numbers.
  private let right: Set<Int>
  /// No column is wrapped to less.
  private static let narrowest = 12

  init(_ header: [String], right: Set<Int> = []) {
    rows = header.isEmpty ? [] : [header]
    self.right = right
  }

  /// Adds a row. Cells may contain untrusted text, so newlines in them are escaped.
  mutating func add(_ row: [String]) { rows.append(row.map { PrintableText.line($0) }) }

  /// The table, as wide as standard output if that is a terminal.
  var text: String { text(width: Console.tableWidth) }

  /// - Parameter width: the most columns of a line; nil for any number.
  func text(width: Int?) -> String {
    var rows = rows
    var widths = TextTable.widths(rows)
    if let width, TextTable.sum(widths) > width {
      rows = rows.map { $0.map(ShortDigests.text) }
      widths = narrowed(TextTable.widths(rows), to: width)
    }
    return rows.map { lines(of: $0, widths) }.joined()
  }

  private static func widths(_ rows: [[String]]) -> [Int] {
    let columns = rows.map(\.count).max() ?? 0
    return (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
  }

  private static func sum(_ widths: [Int]) -> Int { widths.reduce(0, +) + 2 * max(0, widths.count - 1) }

  /// Takes what is too much from the widest columns of text.
  private func narrowed(_ widths: [Int], to width: Int) -> [Int] {
    var widths = widths
    let columns = widths.indices.filter { !right.contains($0) }
    while case let excess = TextTable.sum(widths) - width, excess > 0,
      let widest = columns.max(by: { widths[$0] < widths[$1] }), widths[widest] > TextTable.narrowest
    {
      let next = columns.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
      let floor = max(TextTable.narrowest, min(next, widths[widest] - 1))
      widths[widest] = max(floor, widths[widest] - excess)
    }
    return widths
  }

  /// A row: several lines if cells are wrapped.
  private func lines(of row: [String], _ widths: [Int]) -> String {
    let cells = row.enumerated().map { WrappedText.lines($1, width: widths[$0]) }
    return (0..<max(1, cells.map(\.count).max() ?? 0)).map { number in
      var line = cells.enumerated().map { column, parts in
        let part = number < parts.count ? parts[number] : ""
        let space = String(repeating: " ", count: widths[column] - part.count)
        return right.contains(column) ? space + part : part + space
      }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// Breaks text into lines between words.
enum WrappedText {
  /// A word that is longer than a line is cut; text that fits stays as it is.
  static func lines(_ text: String, width: Int) -> [String] {
    guard width > 0, text.count > width else { return [text] }
    var lines = [""]
    for word in text.split(separator: " ") {
      var rest = word
      while !rest.isEmpty {
        let used = lines[lines.count - 1].count
        if used == 0 || used + 1 + rest.count <= width {
          let part = rest.prefix(width)
          lines[lines.count - 1] += (used == 0 ? "" : " ") + part
          rest = rest.dropFirst(part.count)
          if rest.isEmpty { continue }
        }
        lines.append("")
      }
    }
    return lines
  }
}

/// Shortens digests in text to what people compare: the algorithm and twelve digits.
enum ShortDigests {
  private static let shown = 12

  /// The text with each `sha256:` or `sha512:` digest shortened, as `Digest.short` shows them.
  static func text(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let mark = [rest.firstRange(of: "sha256:"), rest.firstRange(of: "sha512:")].compactMap({ $0 })
      .min(by: { $0.lowerBound < $1.lowerBound })
    {
      let hex = rest[mark.upperBound...].prefix { $0.isHexDigit }
      result += rest[..<mark.upperBound] + (hex.count >= 64 ? hex.prefix(shown) : hex)
      rest = rest[hex.endIndex...]
    }
    return result + rest
  }
}
