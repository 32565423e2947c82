import OpzLint
import Testing

@Suite("Allowances")
struct AllowanceTests {
  private static func report(_ text: String) throws -> LintReport {
    try Linter().run([LintInput("t.yaml", Array(text.utf8))])
  }

  private static let pod =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: x:latest\n"

  @Test("an annotation allows a code on its object, with a reason")
  func annotation() throws {
    let text = AllowanceTests.pod.replacing(
      "{name: a}", with: "{name: a, annotations: {opz.dev/allow: \"OPZ501: a demo; really, OPZ502, OPZ702: x\"}}")
    let report = try AllowanceTests.report(text)
    #expect(report.allowed.filter { $0.code == "OPZ501" }.map(\.allowed) == ["a demo; really, OPZ502, OPZ702: x"])
    let two = text.replacing("really, OPZ502, OPZ702: x", with: "OPZ701, OPZ702: a demo too")
    #expect(Set(try AllowanceTests.report(two).allowed.map(\.code)) == ["OPZ501", "OPZ701", "OPZ702"])
    let other = two + "---\n" + AllowanceTests.pod.replacing("name: a}", with: "name: b}")
    #expect(try AllowanceTests.report(other).findings.filter { $0.code == "OPZ501" }.map(\.object) == ["Pod default/b"])
  }

  @Test(
    "a comment allows its line, the block that starts on the next line, or the document",
    arguments: [
      ("x:latest\n", "x:latest # opz:allow OPZ501 a demo\n", true),
      ("      image", "      # opz:allow OPZ501 a demo\n      image", true),
      ("    - name", "    # opz:allow OPZ501 a demo\n    - name", true),
      ("spec:", "# opz:allow OPZ501 a demo\nspec:", true),
      ("apiVersion", "# opz:allow OPZ501 a demo\n\napiVersion", true),
      ("metadata", "# opz:allow OPZ501 a demo\nmetadata", false),
      ("x:latest\n", "x:latest\n# opz:allow OPZ501 a demo\n", false), ("x:latest\n", "\"x#opz:allow:latest\"\n", false),
    ])
  func comment(_ from: String, _ to: String, isAllowed: Bool) throws {
    let report = try AllowanceTests.report(AllowanceTests.pod.replacing(from, with: to, maxReplacements: 1))
    #expect(report.findings.contains { $0.code == "OPZ501" } == !isAllowed)
    #expect(report.findings.contains { $0.code == "OPZ004" } == (!isAllowed && to.contains("# opz")))
  }

  @Test(
    "an allowance without a reason is a finding and allows nothing",
    arguments: ["OPZ501", "OPZ501:", "OPZ501: ", "OPZ501, OPZ702:"])
  func reason(_ allowance: String) throws {
    let text = AllowanceTests.pod.replacing(
      "{name: a}", with: "{name: a, annotations: {opz.dev/allow: \"\(allowance)\"}}")
    let codes = try AllowanceTests.report(text).findings.map(\.code)
    #expect(codes.contains("OPZ501"))
    #expect(codes.contains("OPZ003"))
  }

  @Test("unknown codes are named", arguments: ["OPZ999: x", "because I say so", "opz501: x"])
  func unknown(_ allowance: String) throws {
    let text = AllowanceTests.pod.replacing(
      "{name: a}", with: "{name: a, annotations: {opz.dev/allow: \"\(allowance)\"}}")
    #expect(try AllowanceTests.report(text).findings.map(\.code).contains("OPZ005"))
  }

  @Test("options turn off codes and severities")
  func options() throws {
    #expect(!(try LintedText.codes(AllowanceTests.pod) { $0.allowed = ["OPZ501"] }).contains("OPZ501"))
    #expect(Set(try LintedText.findings(AllowanceTests.pod) { $0.minimum = .error }.map(\.severity)) == [.error])
  }
}
