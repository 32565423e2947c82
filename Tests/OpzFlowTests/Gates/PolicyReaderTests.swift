import OpzIO
import OpzRegistry
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("policy.yaml")
struct PolicyReaderTests {
  @Test(
    "a gate that requires nothing, or the impossible, is an error with its line and key",
    arguments: [
      ("", 1, "opz"), ("opz: 1", 1, ""), ("opz: 2\npromote: {a: {tests: true}}", 1, "opz"),
      ("opz: 1\npromote:", 2, "promote"), ("opz: 1\npromote: {}", 2, "promote"),
      ("opz: 1\npromote: production", 2, "promote"), ("opz: 1\npromote: [production]", 2, "promote"),
      ("opz: 1\npromote: true", 2, "promote"), ("opz: 1\npromote: {a: {tests: true}}\nretention:", 3, "retention"),
      ("opz: 1\nretention: {}", 2, "retention"), ("opz: 1\nretention: {last: 0}", 2, "retention.last"),
      ("opz: 1\nretention: {last: }", 2, "retention.last"), ("opz: 1\nretention: {tagged: true}", 2, "retention"),
      ("opz: 1\npromote:\n  production:\n", 3, "promote.production"),
      ("opz: 1\npromote:\n  production: {}\n", 3, "promote.production"),
      ("opz: 1\npromote:\n  production: [tests]\n", 3, "promote.production"),
      ("opz: 1\npromote:\n  production: tests\n", 3, "promote.production"),
      ("opz: 1\npromote:\n  production: {tests: false, approvals: 0}\n", 3, "promote.production"),
      ("opz: 1\npromote:\n  Production: {tests: true}\n", 3, "promote.Production"),
      ("opz: 1\npromote:\n  \"1.0.0\": {tests: true}\n", 3, "promote.1.0.0"),
      ("opz: 1\npromote:\n  \"\": {tests: true}\n", 3, "promote."),
      ("opz: 1\npromote:\n  a b: {tests: true}\n", 3, "promote.a b"),
      ("opz: 1\npromote:\n  a:\n    tests:\n", 4, "promote.a.tests"),
      ("opz: 1\npromote:\n  a:\n    tests: maybe\n", 4, "promote.a.tests"),
      ("opz: 1\npromote:\n  a:\n    test: true\n", 4, "promote.a.test"),
      ("opz: 1\npromote:\n  a:\n    from:\n", 4, "promote.a.from"),
      ("opz: 1\npromote:\n  a:\n    from: a\n", 4, "promote.a.from"),
      ("opz: 1\npromote:\n  a:\n    from: Not One\n", 4, "promote.a.from"),
      ("opz: 1\npromote:\n  a:\n    metrics:\n", 4, "promote.a.metrics"),
      ("opz: 1\npromote:\n  a:\n    metrics: {}\n", 4, "promote.a.metrics"),
      ("opz: 1\npromote:\n  a:\n    metrics: [auc]\n", 4, "promote.a.metrics"),
      ("opz: 1\npromote:\n  a:\n    metrics:\n      auc:\n", 5, "promote.a.metrics.auc"),
      ("opz: 1\npromote:\n  a:\n    metrics: {auc: about 1}\n", 4, "promote.a.metrics.auc"),
      ("opz: 1\npromote:\n  a:\n    metrics: {auc: 0.9}\n", 4, "promote.a.metrics.auc"),
      ("opz: 1\npromote:\n  a:\n    metrics: {auc: \">= nan\"}\n", 4, "promote.a.metrics.auc"),
      ("opz: 1\npromote:\n  a:\n    metrics: {\"\": \"> 1\"}\n", 4, "promote.a.metrics"),
      ("opz: 1\npromote:\n  a:\n    better:\n", 4, "promote.a.better"),
      ("opz: 1\npromote:\n  a:\n    better: {}\n", 4, "promote.a.better"),
      ("opz: 1\npromote:\n  a:\n    better: auc\n", 4, "promote.a.better"),
      ("opz: 1\npromote:\n  a:\n    better: {auc: }\n", 4, "promote.a.better.auc"),
      ("opz: 1\npromote:\n  a:\n    better: {auc: x}\n", 4, "promote.a.better.auc"),
      ("opz: 1\npromote:\n  a:\n    better: {auc: 1e999}\n", 4, "promote.a.better.auc"),
      ("opz: 1\npromote:\n  a:\n    signature:\n", 4, "promote.a.signature"),
      ("opz: 1\npromote:\n  a:\n    signature: true\n", 4, "promote.a.signature"),
      ("opz: 1\npromote:\n  a:\n    signature: {}\n", 4, "promote.a.signature"),
      ("opz: 1\npromote:\n  a:\n    signature: {match: any}\n", 4, "promote.a.signature.keys"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: }\n", 4, "promote.a.signature.keys"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: []}\n", 4, "promote.a.signature.keys"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: [\"\"]}\n", 4, "promote.a.signature.keys.0"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: [k, \" \"]}\n", 4, "promote.a.signature.keys.1"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: [k, k]}\n", 4, "promote.a.signature.keys.1"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: [k], match: }\n", 4, "promote.a.signature.match"),
      ("opz: 1\npromote:\n  a:\n    signature: {keys: [k], match: some}\n", 4, "promote.a.signature.match"),
      ("opz: 1\npromote:\n  a:\n    sbom:\n", 4, "promote.a.sbom"),
      ("opz: 1\npromote:\n  a:\n    sbom: maybe\n", 4, "promote.a.sbom"),
      ("opz: 1\npromote:\n  a:\n    sbom: {}\n", 4, "promote.a.sbom"),
      ("opz: 1\npromote:\n  a:\n    sbom: {keys: []}\n", 4, "promote.a.sbom.keys"),
      ("opz: 1\npromote:\n  a:\n    sbom: {key: a}\n", 4, "promote.a.sbom.key"),
      ("opz: 1\npromote:\n  a:\n    scan:\n", 4, "promote.a.scan"),
      ("opz: 1\npromote:\n  a:\n    scan: dirty\n", 4, "promote.a.scan"),
      ("opz: 1\npromote:\n  a:\n    scan: {}\n", 4, "promote.a.scan"),
      ("opz: 1\npromote:\n  a:\n    scan: {tools: []}\n", 4, "promote.a.scan.tools"),
      ("opz: 1\npromote:\n  a:\n    scan: {tools: [\"\"]}\n", 4, "promote.a.scan.tools.0"),
      ("opz: 1\npromote:\n  a:\n    scan: {keys: []}\n", 4, "promote.a.scan.keys"),
      ("opz: 1\npromote:\n  a:\n    scan: {days: }\n", 4, "promote.a.scan.days"),
      ("opz: 1\npromote:\n  a:\n    scan: {days: old}\n", 4, "promote.a.scan.days"),
      ("opz: 1\npromote:\n  a:\n    scan: {days: -1}\n", 4, "promote.a.scan.days"),
      ("opz: 1\npromote:\n  a:\n    scan: {allow: []}\n", 4, "promote.a.scan.allow"),
      ("opz: 1\npromote:\n  a:\n    scan: {allow: [os.system]}\n", 4, "promote.a.scan.allow.0"),
      ("opz: 1\npromote:\n  a:\n    scan: {allow: [\"*\"]}\n", 4, "promote.a.scan.allow.0"),
      ("opz: 1\npromote:\n  a:\n    approvals:\n", 4, "promote.a.approvals"),
      ("opz: 1\npromote:\n  a:\n    approvals: many\n", 4, "promote.a.approvals"),
      ("opz: 1\npromote:\n  a:\n    approvals: {}\n", 4, "promote.a.approvals"),
      ("opz: 1\npromote:\n  a:\n    approvals: {count: 1}\n", 4, "promote.a.approvals.keys"),
      ("opz: 1\npromote:\n  a:\n    approvals: {count: 2, keys: [k]}\n", 4, "promote.a.approvals.count"),
      ("opz: 1\npromote:\n  a:\n    approvals: {count: 0, keys: [k]}\n", 4, "promote.a.approvals.count"),
      ("opz: 1\npromote:\n  a:\n    approvals: {keys: []}\n", 4, "promote.a.approvals.keys"),
      ("opz: 1\npromote:\n  a: {tests: true}\n  a: {tests: true}\n", 4, ""),
    ])
  func refused(_ text: String, _ line: Int, key: String) throws {
    let error = try #require(throws: ConfigError.self) { try RegistryPolicy.read(text, file: "policy.yaml") }
    #expect(
      error.problems.contains { $0.place == "policy.yaml:\(line)" && (key.isEmpty || $0.key == key) },
      "\(error)")
    // Each mistake is reported once.
    #expect(Set(error.problems).count == error.problems.count)
  }

  @Test("all gates and options are read")
  func whole() throws {
    let policy = try RegistryPolicy.read(
      """
      opz: 1
      promote:
        staging: {tests: true, scan: clean}
        production:
          from: staging
          metrics: {auc: ">= 0.9", loss: "<0.3"}
          better: {auc: 0, loss: -0.01}
          clean: true
          approvals: {count: 2, keys: [ann.pub, bob.pub, eve.pub]}
          signature: {keys: [release.pub], match: any}
          sbom: {keys: [release.pub]}
          scan: {tools: [opz, Trivy], days: 30, keys: [release.pub], allow: ["shop.models.*", shop.text.Cleaner]}
      retention: {last: 10, days: 90, tagged: false}

      """, file: "policy.yaml")
    let gates = try #require(policy.promote[AliasName("production")!])
    #expect(gates.from == "staging" && gates.clean && !gates.tests && gates.metrics.count == 2)
    #expect(gates.better == [.init(metric: "auc", least: 0), .init(metric: "loss", least: -0.01)])
    #expect(gates.approvals == .init(count: 2, keys: ["ann.pub", "bob.pub", "eve.pub"]))
    #expect(gates.signature?.any == true && gates.sbom?.keys == ["release.pub"])
    #expect(gates.scan?.allow == ["shop.models.*", "shop.text.Cleaner"] && gates.scan?.days == 30)
    #expect(policy.promote[AliasName("staging")!]?.scan == RegistryPolicy.Scan())
    #expect(policy.retention == .init(last: 10, days: 90, tagged: false, aliased: true))
    // The digest in an event depends on each part.
    let digest = try gates.digest()
    var others: [RegistryPolicy.Gates] = Array(repeating: gates, count: 9)
    others[0].from = nil
    others[1].metrics.removeLast()
    others[2].better[0] = .init(metric: "auc", least: 0.1)
    others[3].tests = true
    others[4].clean = false
    others[5].approvals?.count = 1
    others[6].signature?.any = false
    others[7].sbom = nil
    others[8].scan?.allow.removeLast()
    #expect(try Set(others.map { try $0.digest() } + [digest]).count == 10)
  }

  @Test("a file that cannot be read is not the same as no policy")
  func unreadable() throws {
    let directory = try TemporaryDirectory()
    let registry = try Registry.create(directory.path.appending("registry"))
    #expect(try RegistryPolicy.of(registry) == RegistryPolicy())
    let path = registry.root.appending("policy.yaml")
    #expect(try ChildProcess.run(["ln", "-s", "nowhere", path.string]).status == 0)
    #expect(throws: (any Error).self) { try RegistryPolicy.of(registry) }
    #expect(throws: (any Error).self) { try RegistryPolicy.digest(of: registry) }
    try Durable.remove(path)
    try Durable.makeDirectory(path)
    #expect(throws: (any Error).self) { try RegistryPolicy.of(registry) }
  }
}
