import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("A log that grows")
struct GrowingLinesTests {
  @Test("each line is read once, when it is finished, and the end is what was written last")
  func lines() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path.appending("log")
    var lines = GrowingLines(path)
    var text = ""
    func next(_ more: String) throws -> [String] {
      text += more
      try Durable.replaceWithoutSync(path, with: Array(text.utf8))
      return lines.next().map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(lines.next().isEmpty && GrowingLines.end(of: path, 10) == "")
    #expect(try next("one\ntw") == ["one"])
    #expect(try next("") == [])
    #expect(try next("o\n\nthree\n") == ["two", "", "three"])
    #expect(try next(String(repeating: "x", count: 3 << 20)) == [])
    for _ in 0..<3 { _ = lines.next() }
    #expect(try next("\nlast\n").last == "last")
    #expect(GrowingLines.end(of: path, 5) == "last\n")
  }
}
