import OpzTestKit
import Testing

@testable import OpzLint

@Suite("Blocks by indentation")
struct IndentedBlocksTests {
  /// The lines of the block after a comment, found with a plain search for each comment.
  private func plain(_ index: Int, _ lines: [Substring]) -> ClosedRange<Int> {
    func says(_ line: Substring) -> Bool {
      let text = line.drop(while: \.isWhitespace)
      return !text.isEmpty && !text.hasPrefix("#")
    }
    func indent(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
    guard let first = lines[(index + 1)...].firstIndex(where: says) else { return index...index }
    if !lines[..<index].contains(where: { says($0) && !$0.hasPrefix("---") }) { return 0...(lines.count - 1) }
    let end = lines.indices.first { $0 > first && says(lines[$0]) && indent(lines[$0]) <= indent(lines[first]) }
    return first...((end ?? lines.count) - 1)
  }

  @Test("one pass finds the same blocks as a search for each", arguments: 0..<50)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let words = ["", "  ", "# c", "a: 1", "---", "- b", "\t"]
    let lines = (0..<Int.random(in: 1...60, using: &random)).map { _ in
      Substring(
        String(repeating: " ", count: Int.random(in: 0...4, using: &random)) + words.randomElement(using: &random)!)
    }
    let blocks = IndentedBlocks(lines)
    for index in lines.indices { #expect(blocks.after(index) == plain(index, lines), "line \(index) of \(lines)") }
  }

  @Test("200,000 comments in one file are read in one pass, and only as many as the limit count")
  func many() throws {
    let pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: x:latest\n"
    let many = String(repeating: "# opz:allow OPZ999 no\n", count: 200_000)
    let report = try Linter().run([LintInput("t.yaml", Array((many + pod + "# opz:allow OPZ501 late\n").utf8))])
    #expect(report.findings.contains { $0.code == "OPZ501" })
    #expect(report.findings.filter { $0.code == "OPZ005" }.count <= AllowanceComments.limit)
  }
}
