import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzPython

@Suite("Versions of Python packages")
struct PythonVersionTests {
  static let versions = [
    "1", "1.0", "1.0.0", "1.0.1", "1.1", "2.0", "1!0.5", "1.0a1", "1.0.alpha-2", "1.0b1", "1.0rc1", "1.0c2",
    "1.0preview3",
    "1.0.dev0", "1.0a1.dev3", "1.0.post1", "1.0-1", "1.0.rev4", "1.0.post1.dev2", "1.0rc1.post2", "1.0+cu121",
    "1.0+cu.1", "1.0+1",
    "1.0+abc.5", "v1.0", " 1.0 ", "1.0RC1", "2024.5", "1.10", "1.9", "1.0.0.0.1", "0", "1.0dev",
  ]
  static let broken = [
    "", "x", "1.", "1..0", "1.0-", "1.0+", "1.0+a..b", "1.0a1b2", "!1", "a!1", "1.0.post1.post2", "1_0",
    "99999999999999999999",
  ]
  static let clauses = [
    "==1.0", "!=1.0", "<1.0", "<=1.0", ">1.0", ">=1.0", "~=1.0", "~=1.0.1", "==1.*", "!=1.0.*", "==1.0+cu121",
    ">=1.0rc1", "<1.0rc2", ">1.0.post0",
    ">=1.0.dev0", "===1.0", "<1!0", ">0.9", "==2024.*", "~=1.0rc1", "<=1.0.post1", ">1.0a1", "!=1.0+cu121", "<2.0.dev0",
  ]

  @Test("each version satisfies a clause exactly if the reference implementation says so")
  func reference() throws {
    let script = """
      import json, sys
      from pip._vendor.packaging.specifiers import SpecifierSet, Specifier
      versions, clauses = json.load(sys.stdin)
      print(json.dumps([[Specifier(c).contains(v, prereleases=True) for c in clauses] for v in versions]))
      """
    let input = try CanonicalJSON.encode(
      JSONValue.array([Self.versions, Self.clauses].map { .array($0.map { .string($0) }) }))
    let answer = try Python.run(["-c", script], input: input)
    try #require(answer.status == 0, "\(answer.errorText)")
    let expected = try CanonicalJSON.decode([[Bool]].self, from: answer.output, subject: "packaging")
    for (version, row) in zip(Self.versions, expected) {
      for (clause, holds) in zip(Self.clauses, row) {
        let comparison = String(clause.prefix { "<>=!~".contains($0) })
        let wanted = String(clause.dropFirst(comparison.count))
        #expect(PythonVersion.meets(version, comparison, wanted: wanted) == holds, "\(version) \(clause)")
      }
    }
  }

  @Test("invalid versions are refused", arguments: broken)
  func refuse(_ text: String) { #expect(PythonVersion(text) == nil) }
}
