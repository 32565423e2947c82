import OpzIO
import OpzOCI
import OpzYAML
import SystemPackage
import Testing

@testable import OpzProject

@Suite("Valid opz.yaml")
struct ConfigReaderTests {
  static let minimal = "opz: 1\nname: churn\nmodel: {path: model.json}\n"

  @Test func everyKeyOfTheDesignIsRead() throws {
    let config = try ConfigReader.read(
      """
      opz: 1
      name: churn
      version: 1.2.0
      model: {path: model.json, format: auto}
      runtime: {kind: native}
      code: [predict.py, lib/]
      config: [config.json]
      env: {THRESHOLD: "0.5"}
      platforms: [linux/amd64, linux/arm/v7]
      lineage: {data: [data/train.csv], metrics: metrics.json, parent: churn@1.1.0, tags: {team: crm}}
      deploy: {replicas: {min: 2, max: 10}, resources: {cpu: 500m, memory: 256Mi}, autoscale: {cpu: 70}}
      push: {to: registry.example/crm/churn}
      """)
    #expect(config.name.description == "churn")
    #expect(config.version.fixed == SemanticVersion(major: 1, minor: 2, patch: 0))
    #expect(config.model == .init(path: "model.json", format: nil))
    #expect(config.runtime.kind == .native)
    #expect(config.code == ["predict.py", "lib/"])
    #expect(config.config == ["config.json"])
    #expect(config.env == ["THRESHOLD": "0.5"])
    #expect(config.platforms.map(\.description) == ["linux/amd64", "linux/arm/v7"])
    #expect(config.lineage.data == ["data/train.csv"] && config.lineage.metrics == "metrics.json")
    #expect(config.lineage.parent == "churn@1.1.0" && config.lineage.tags == ["team": "crm"])
    #expect(config.deploy?.replicas == .init(min: 2, max: 10))
    #expect(config.deploy?.resources == .init(cpu: "500m", memory: "256Mi"))
    #expect(config.deploy?.autoscale == .init(cpu: 70))
    #expect(config.push == .init(to: "registry.example/crm/churn"))
    #expect(config.locations.subject("lineage.tags.team") == "opz.yaml:10")
    #expect(config.locations.subject("code.1") == "opz.yaml:6")
    #expect(config.locations.subject("nothing") == "opz.yaml")
  }

  @Test func whatIsLeftOutHasDefaults() throws {
    let config = try ConfigReader.read(Self.minimal)
    #expect(config.version == .auto)
    #expect(config.model.format == nil && config.model.isKnown && config.model.iterations == .all)
    let runtime = config.runtime
    #expect(runtime.kind == .native && runtime.base == nil && runtime.python == nil && runtime.user == nil)
    #expect(runtime.requirements == nil && runtime.lock == nil && runtime.command.isEmpty && runtime.expose.isEmpty)
    #expect(config.platforms == [.linuxAMD64])
    #expect(config.code.isEmpty && config.config.isEmpty && config.env.isEmpty)
    #expect(config.deploy == nil && config.push == nil)
  }

  @Test func aKeyWithoutAValueIsAsGoodAsNoKey() throws {
    let keys = "version:\ncode:\nenv: ~\nplatforms: null\nlineage:\ndeploy:\npush:\nruntime:\n"
    var config = try ConfigReader.read(Self.minimal + keys)
    config.locations = try ConfigReader.read(Self.minimal).locations
    #expect(try config == ConfigReader.read(Self.minimal))
  }

  @Test func customRuntimesAreRead() throws {
    let config = try ConfigReader.read(
      Self.minimal
        + "runtime: {kind: custom, base: 'oci:../base:3.12', command: [serve, --port, 80], user: 1000, expose: 80}")
    #expect(config.runtime.base == "oci:../base:3.12")
    #expect(config.runtime.command == ["serve", "--port", "80"])
    #expect(config.runtime.user == "1000")
    #expect(config.runtime.expose == [80])
  }

  @Test(arguments: [("3.10", "3.10"), ("\"3.10\"", "3.10"), ("3.12.1", "3.12.1")])
  func aVersionOfPythonKeepsItsZero(written: String, read: String) throws {
    let config = try ConfigReader.read(Self.minimal + "runtime: {kind: python, python: \(written)}\n")
    #expect(config.runtime.python == read)
  }

  @Test(arguments: ["1.2.3", "a b", "yesterday", "1000:1000", "0.50x", "08:99"])
  func plainTextThatNobodyTwistsIsText(word: String) throws {
    let config = try ConfigReader.read(Self.minimal + "env: {A: \(word)}\n")
    #expect(config.env == ["A": word])
  }

  @Test(arguments: ["yes", "no", "on", "y", "0123", "2026-01-01", "1:30", "0x1F", "0o7", "1_000", ".inf"])
  func plainTextThatOtherReadersTwistIsRefused(word: String) throws {
    let error = #expect(throws: ConfigError.self) {
      try ConfigReader.read(Self.minimal + "env: {A: \(word)}\n")
    }
    #expect(error?.subject == "opz.yaml:4" && error?.hint?.contains("write \"\(word)\"") == true, "\(error as Any)")
    #expect(try ConfigReader.read(Self.minimal + "env: {A: \"\(word)\"}\n").env == ["A": word])
    // The command line is not YAML, so the value is taken literally there.
    #expect(try ConfigReader.read(Self.minimal, overrides: ["env.A=\(word)"]).env == ["A": word])
  }

  @Test func quantitiesMayBeNumbers() throws {
    let config = try ConfigReader.read(Self.minimal + "deploy: {resources: {cpu: 0.50, memory: 1}}\n")
    #expect(config.deploy?.resources == .init(cpu: "0.50", memory: "1"))
  }

  @Test func aByteOrderMarkAndCarriageReturnsAreNoMatter() throws {
    let text = "\u{FEFF}" + Self.minimal.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
    let config = try ConfigReader.read(text)
    #expect(config.locations.subject("model") == "opz.yaml:3")
  }
}
