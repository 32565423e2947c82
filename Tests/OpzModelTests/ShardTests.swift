import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzModel

@Suite("Shards of a table")
struct ShardTests {
  private func read(_ shard: TableShard) throws -> [UInt8] {
    let source = try shard.open()
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 7)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
      if count == 0 { return all }
      all += buffer[..<count]
    }
  }

  /// A table of cells with quotes, commas and line breaks in them.
  private func table(_ generator: inout SeededGenerator) -> String {
    let cells = ["1", "", "a b", "\"x,y\"", "\"two\nlines\"", "\"a \"\"quote\"\"\"", "\"\"", "5\" pipe", "\"\r\n\""]
    let rows = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
      (0..<3).map { _ in cells[Int.random(in: 0..<cells.count, using: &generator)] }.joined(separator: ",")
    }
    let end = Bool.random(using: &generator) ? "\n" : ""
    return (["\"a\nb\",c,d"] + rows).joined(separator: "\n") + end
  }

  @Test("the parts contain every record once, in order, after the header", arguments: [1, 2, 3, 4, 5] as [UInt64])
  func whole(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let directory = try TemporaryDirectory()
    for count in [1, 2, 3, 7, 40] {
      let text = table(&generator)
      let file = try directory.write("t.csv", text)
      let header = Array(text.utf8)[..<Array(text.utf8).withUnsafeBufferPointer { CSVCursor.firstEnd($0, .standard) }]
      var joined = Array(header)
      var end = UInt64(header.count)
      for index in 0..<count {
        let shard = try TableShard(file, index: index, of: count)
        #expect(shard.range.lowerBound == end)
        end = shard.range.upperBound
        let bytes = try read(shard)
        #expect(bytes.starts(with: header))
        // A part ends where a record ends.
        var cursor = CSVCursor(.standard)
        var last: Int?
        bytes.withUnsafeBufferPointer { bytes in
          cursor.forEachEnd(in: bytes) {
            last = $0
            return true
          }
        }
        #expect(
          last == bytes.count || index == count - 1 || bytes.count == header.count || end == UInt64(text.utf8.count))
        joined += bytes.dropFirst(header.count)
      }
      #expect(joined == Array(text.utf8))
    }
  }

  @Test(
    "a table without records, without a line end, or empty", arguments: ["a,b\n", "a,b", "", "\n", "\"open\n"])
  func short(text: String) throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("t.csv", text)
    for index in 0..<3 { #expect(try read(TableShard(file, index: index, of: 3)) == Array(text.utf8)) }
  }

  @Test("a nonexistent part is refused", arguments: [(-1, 2), (2, 2), (0, 0), (Int.max, Int.max), (0, -1)])
  func none(index: Int, count: Int) throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("t.csv", "a\n")
    #expect(throws: ModelError.self) { try TableShard(file, index: index, of: count) }
  }
}
