import OpzLint
import Testing

@Suite("The rules' pages")
struct ExampleTests {
  private static func codes(_ text: String) throws -> [String] {
    try Linter.lint(text, named: "example.yaml").map(\.code)
  }

  @Test("a page's wrong example has the finding, and the right one does not", arguments: RuleBook.all.map(\.code))
  func examples(_ code: String) throws {
    let about = try #require(RuleBook.about(code))
    #expect(try ExampleTests.codes(about.wrong).contains(code), "\(about.wrong)")
    let right = try ExampleTests.codes(about.right)
    #expect(!right.contains(code), "\(about.right)")
    if code != "OPZ001", code != "OPZ002" { #expect(!right.contains("OPZ001"), "\(about.right)") }
  }

  @Test("codes are unique and sorted")
  func order() {
    let codes = RuleBook.all.map(\.code)
    #expect(codes == Set(codes).sorted())
    #expect(codes.count >= 60)
  }
}
