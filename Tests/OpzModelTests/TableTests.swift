import OpzTestKit
import Testing

@testable import OpzModel

@Suite("Records and categories of tables")
struct TableTests {
  /// Where records end, by the rule of RFC 4180 in its plainest form, byte by byte.
  private func ends(_ bytes: [UInt8], _ delimiter: UInt8, quote: UInt8) -> [Int] {
    var (isQuoted, isStart, ends) = (false, true, [Int]())
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if isQuoted {
        guard byte == quote else { continue }
        if index < bytes.count, bytes[index] == quote { index += 1 } else { isQuoted = false }
        isStart = false
      } else if byte == quote, isStart {
        isQuoted = true
      } else {
        if byte == 10 { ends.append(index) }
        isStart = byte == delimiter || byte == 10
      }
    }
    return ends
  }

  @Test("records end where a plain state machine says, however the bytes are cut", arguments: 0..<200)
  func boundaries(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let dialect = try CSVDialect(delimiter: seed % 2 == 0 ? "," : ";", quote: seed % 3 == 0 ? "'" : "\"")
    let alphabet = [dialect.delimiter, dialect.quote, dialect.quote, 10, 13, 97, 49]
    let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
    let wanted = ends(bytes, dialect.delimiter, quote: dialect.quote)
    for size in [1, 2, 3, 7, 100] {
      var cursor = CSVCursor(dialect)
      var found: [Int] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        Array(bytes[start..<min(bytes.count, start + size)]).withUnsafeBufferPointer { piece in
          cursor.forEachEnd(in: piece) {
            found.append(start + $0)
            return true
          }
        }
      }
      #expect(found == wanted, "pieces of \(size) bytes of \(bytes)")
    }
  }

  @Test("categories are found by their bytes, and the first of equal ones counts")
  func categories() {
    var names = (0..<3000).map { "category \($0)" } + ["", "é", "e\u{301}", "12345678", "123456789", "a", "b", "a"]
    let table = CategoryTable(names)
    for (code, name) in names.enumerated() where code < names.count - 1 {
      #expect(table.code(of: name) == code, "\(name)")
    }
    #expect(table.code(of: "a") == 3005)
    #expect(
      table.code(of: "category 3000") == nil && table.code(of: "1234567") == nil && table.code(of: "\u{0}") == nil)
    #expect(CategoryTable([]).isEmpty && CategoryTable([]).code(of: "") == nil)
    names = []
  }

  @Test(
    "a dialect that could not be read is refused by its option",
    arguments: [
      (";;", "\"", ".", "--delimiter"), ("5", "\"", ".", "--delimiter"), ("-", "\"", ".", "--delimiter"),
      ("é", "\"", ".", "--delimiter"), ("\n", "\"", ".", "--delimiter"), ("", "\"", ".", "--delimiter"),
      (",", "\"", ",", "--delimiter"), (",", ",", ".", "--quote"), (",", "e", ".", "--quote"),
      (",", "", ".", "--quote"),
      (",", "\"", ";", "--decimal"), (".", "\"", ".", "--delimiter"),
    ])
  func dialects(delimiter: String, quote: String, decimal: String, option: String) {
    let error = #expect(throws: ModelError.self) {
      try CSVDialect(delimiter: delimiter, quote: quote, decimal: decimal)
    }
    #expect(error?.subject == option && error?.category == .usage)
  }
}
