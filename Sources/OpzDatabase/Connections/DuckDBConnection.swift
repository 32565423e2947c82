import OpzIO
import SystemPackage

/// DuckDB by its program, which runs once for each statement: the user's file is attached for reading to a database of
/// its own in a temporary directory. Rows go through CSV files, which it reads and writes much faster than its pipes.
final class DuckDBConnection: DatabaseConnection {
  private let url: DatabaseURL
  private let program: FilePath
  private let path: FilePath
  private let environment: [String]
  private let directory: FilePath

  private static let scratch = "opz_scratch"
  let scratchSchema = [scratch, "main"]
  let hasNaN = true
  private(set) var version = ""

  /// - Parameter program: `duckdb`.
  init(_ url: DatabaseURL, path: FilePath, program: FilePath, environment: [String]) throws {
    guard try FileStatus.find(path)?.kind == .file else {
      throw DatabaseError(.notFound, "\(url)", reason: "no such file")
    }
    self.url = url
    self.path = path
    self.program = program
    self.environment = environment
    directory = try Directory.temporary(prefix: "opz-duckdb-")
    try forEachRow(of: "SELECT version()") { self.version = $0.first.flatMap(\.self) ?? "" }
    if version.hasPrefix("v") { version.removeFirst() }
  }

  deinit { try? Durable.removeTree(directory) }

  func run(_ statement: String) throws { try execute(statement) }

  func insert(_ rows: [[DatabaseCell]], into table: String) throws {
    var text = ""
    for row in rows { text += row.map(DuckDBConnection.csv).joined(separator: ",") + "\n" }
    let file = directory.appending("rows.csv")
    try Durable.replaceWithoutSync(file, with: Array(text.utf8))
    defer { try? Durable.remove(file) }
    try execute(
      "COPY \(table) FROM \(DuckDBConnection.quoted(file.string)) "
        + "(FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '', allow_quoted_nulls false, "
        + "new_line '\\n')")
  }

  /// An empty cell is NULL, and an empty text stands in quotes.
  private static func csv(_ cell: DatabaseCell) -> String {
    switch cell {
    case .missing: ""
    case .number(let number): DatabaseCell.digits(number)
    case .text(let text): "\"\(text.replacing("\"", with: "\"\""))\""
    }
  }

  func forEachRow(of query: String, _ body: ([String?]) throws -> Void) throws {
    let file = directory.appending("answer.csv")
    defer { try? Durable.remove(file) }
    var query = query[...]
    while let last = query.last, last == ";" || last.isWhitespace { query.removeLast() }
    try execute(
      "COPY (\(query)\n) TO \(DuckDBConnection.quoted(file.string)) (FORMAT csv, HEADER false, FORCE_QUOTE *)")
    var reader = QuotedRows()
    try FileBlob(file).forEachChunk { try reader.read($0, body) }
  }

  /// The statement goes in as input: the list of processes shows arguments.
  private func execute(_ statement: String) throws {
    let script =
      "ATTACH \(DuckDBConnection.quoted(path.string)) AS opz_database (READ_ONLY);\nUSE opz_database;\n\(statement);\n"
    let result = try ChildProcess.run(
      [
        program.string, "-no-init", "-batch", "-bail", directory.appending("\(DuckDBConnection.scratch).duckdb").string,
      ], input: Array(script.utf8), environment: environment)
    guard result.status == 0 else {
      throw DatabaseError(
        .refused, "\(url)", reason: "DuckDB: \(url.without(secrets: String(result.errorText.prefix(4000))))")
    }
  }

  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}

/// Reads rows of CSV in which all is quoted but NULL.
private struct QuotedRows {
  private var row: [String?] = []
  private var cell: [UInt8] = []
  private var isText = false
  private var isInside = false
  /// Whether the last byte was a quote inside of a text: the text's end, or half of a quote.
  private var isAfterQuote = false

  mutating func read(_ bytes: UnsafeRawBufferPointer, _ body: ([String?]) throws -> Void) throws {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\"") where isInside:
        if isAfterQuote { cell.append(byte) }
        isAfterQuote.toggle()
      case UInt8(ascii: "\""):
        (isInside, isText) = (true, true)
      case UInt8(ascii: ",") where !isInside || isAfterQuote: end()
      case 10 where !isInside || isAfterQuote:
        end()
        try body(row)
        row = []
      case 13 where !isInside || isAfterQuote: break
      default: cell.append(byte)
      }
    }
  }

  private mutating func end() {
    row.append(isText ? String(decoding: cell, as: UTF8.self) : nil)
    (cell, isText, isInside, isAfterQuote) = ([], false, false, false)
  }
}
