import Testing

@testable import OpzOCI

@Suite("Model names, parsed")
struct ModelNameTests {
  @Test(arguments: [
    "a", "0", "churn", "crm/churn", "a/b/c/d", "churn.v2", "a_b", "a__b", "a-b", "a---b", "localhost", "lock2/x",
    "versions2", "crm/a.b", String(repeating: "a", count: 64),
    String(repeating: "a", count: 64) + "/" + String(repeating: "b", count: 63),
  ])
  func validNames(text: String) throws {
    let name = try ModelName(text)
    #expect(name.description == text)
    #expect(Reference.isRepository(text), "a name is a repository name too")
  }

  @Test(arguments: [
    "", "/", "a/", "/a", "a//b", "A", "a b", "é", "e\u{301}", ".", "..", "../a", "a/..", "a/./b", ".a", "a.", "-a",
    "a-", "_a",
    "a..b", "a___b", "a._b", "a:b", "a@b", "a\\b", "a\u{0}b", "a\n", "versions", "crm/events", "heads/x", "a/lock/b",
    "registry.example/churn", "localhost/churn", "a.b/c", String(repeating: "a", count: 65),
    String(repeating: "a/", count: 64) + "a", String(repeating: "x", count: 100_000),
  ])
  func otherTextIsRefused(text: String) {
    let error = #expect(throws: OCIError.self) { try ModelName(text) }
    #expect(error?.category == .usage)
    #expect((error?.description.utf8.count ?? 0) < 1000)
  }

  /// The registry relies on this: a name cannot leave the directory `models` or collide with the registry's own names.
  @Test func noNameOfFewCharactersLeavesItsDirectory() {
    let alphabet = ["a", "0", ".", "_", "-", "/", "A", ":", "@", "\\", "é", " "]
    var texts = [""]
    for _ in 0..<4 { texts = texts.flatMap { text in alphabet.map { text + $0 } } + [""] }
    for text in texts {
      guard let name = try? ModelName(text) else { continue }
      let parts = name.description.split(separator: "/", omittingEmptySubsequences: false)
      #expect(parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.first != "-" })
      #expect(name.description.allSatisfy { "a0._-/".contains($0) })
      #expect(parts.count == 1 || !Reference.namesHost(parts[0]))
    }
  }

  @Test func namesSortByTheirBytes() throws {
    let names = try ["b", "a/b", "a-b", "a", "a0"].map { try ModelName($0) }
    #expect(names.sorted().map(\.description) == ["a", "a-b", "a/b", "a0", "b"])
  }
}
