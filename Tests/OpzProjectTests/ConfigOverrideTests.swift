import OpzOCI
import OpzYAML
import Testing

@testable import OpzProject

@Suite("--set key=value")
struct ConfigOverrideTests {
  private func read(_ overrides: String..., more: String = "") throws -> ProjectConfig {
    try ConfigReader.read(ConfigReaderTests.minimal + more, overrides: overrides)
  }

  @Test func aValueComesOverTheFiles() throws {
    #expect(
      try read("version=2.0.0", more: "version: 1.0.0\n").version.fixed == SemanticVersion(major: 2, minor: 0, patch: 0)
    )
    #expect(try read("version=\"2.0.0\"").version.fixed == SemanticVersion(major: 2, minor: 0, patch: 0))
    #expect(try read("version=1.0.0", "version=3.0.0").version.fixed == SemanticVersion(major: 3, minor: 0, patch: 0))
  }

  @Test func mappingsOnTheWayAreMadeAndKept() throws {
    #expect(try read("deploy.replicas.max=10").deploy?.replicas == .init(min: 1, max: 10))
    let config = try read("deploy.replicas.max=10", more: "deploy: {replicas: {min: 3, max: 4}, autoscale: {cpu: 9}}\n")
    #expect(config.deploy?.replicas == .init(min: 3, max: 10))
    #expect(config.deploy?.autoscale?.cpu == 9)
  }

  @Test func aTextNeedsNoQuotesAndEndsAtItsEnd() throws {
    #expect(try read("env.THRESHOLD=0.50").env == ["THRESHOLD": "0.50"])
    #expect(try read("env.FLAG=true").env == ["FLAG": "true"])
    #expect(try read("env.NOTE=a # b: *c").env == ["NOTE": "a # b: *c"])
    #expect(try read("env.PAIR=a=b").env == ["PAIR": "a=b"])
    #expect(try read("env.EMPTY=").env == ["EMPTY": ""])
    #expect(try read("env.Q='a # b'").env == ["Q": "a # b"])
  }

  @Test func listsAndMappingsAreYAML() throws {
    #expect(try read("code=[a.py, 'b c.py']", more: "code: [x.py]\n").code == ["a.py", "b c.py"])
    #expect(try read("lineage={tags: {a: b}}").lineage.tags == ["a": "b"])
  }

  @Test func aTagMayHaveDots() throws {
    #expect(try read("lineage.tags.team.name=crm").lineage.tags == ["team.name": "crm"])
  }

  @Test("behind a column of the contract stands its own key; a whole column is a mapping, whatever its name")
  func columns() throws {
    func columns(_ overrides: String...) throws -> [String] {
      let text = ConfigReaderTests.minimal + "serve: {contract: {age: {min: 1}}}\n"
      return try ConfigReader.read(text, overrides: overrides).serve?.contract?.columns.map { column in
        let bounds = [column.least, column.most].map { $0.map { "\($0)" } ?? "-" }
        return "\(column.name): \(bounds.joined(separator: " ")) \(column.categories ?? []) \(column.then)"
      } ?? []
    }
    #expect(try columns("serve.contract.age.max=5") == ["age: 1.0 5.0 [] reject"])
    #expect(try columns("serve.contract.a.b.then=flag").last == "a.b: - - [] flag")
    #expect(try columns("serve.contract.a.max={max: 2}").last == "a.max: - 2.0 [] reject")
    #expect(try columns("serve.contract.plan.categories=[a, b]").last == #"plan: - - ["a", "b"] reject"#)
    #expect(throws: ConfigError.self) { try columns("serve.contract.age.mox=5") }
  }

  @Test func anEmptyValueUnsetsAKey() throws {
    #expect(try read("push=", more: "push: {to: registry.example/a}\n").push == nil)
  }

  @Test(arguments: [
    ("nmae=x", "--set: nmae: unknown key\n\nhint: did you mean name?"),
    ("name", "--set name: not key=value\n\nhint: write --set env.THRESHOLD=0.7"),
    ("=x", "--set =x: not key=value\n\nhint: write --set env.THRESHOLD=0.7"),
    ("a..b=x", "--set a..b: not a path of keys\n\nhint: write --set deploy.replicas.max=10"),
    ("a.b.c.d.e=x", "--set a.b.c.d.e: not a path of keys\n\nhint: write --set deploy.replicas.max=10"),
    ("code=[a", "--set code: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence (line 1)"),
    ("deploy.replicas.max=ten", "--set: deploy.replicas.max: text where a whole number belongs"),
    ("name.x=y", "--set: name: a mapping where text belongs"),
    (
      "model.path=/etc/passwd",
      "--set: model.path: /etc/passwd is absolute\n\nhint: paths in opz.yaml are relative to its directory"
    ),
    (
      "name=a\u{1B}[2J",
      "--set: name: \"a\\u{1b}[2J\" is not a model name: it may not contain \"\\u{1b}\"\n\nhint: write name: a-2j"
    ),
  ])
  func errorsNameTheOption(override: String, text: String) {
    let error = #expect(throws: ConfigError.self) { try read(override) }
    #expect(error?.description == text)
    #expect(error?.category == .usage)
  }
}
