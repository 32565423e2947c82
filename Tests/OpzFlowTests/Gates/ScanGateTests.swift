import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import OpzTrust
import Testing

@testable import OpzFlow

@Suite("The gate scan")
struct ScanGateTests {
  typealias Model = GatedModel

  @Test("a verdict that claims to be from opz counts only if this registry's own scan made it")
  func own() async throws {
    let model = try await Model(policy: "{scan: {tools: [opz]}}")
    for source in [nil, ModelState.Attachment.Source.pull, .here] {
      try model.attach(
        Model.sarif("opz", properties: "{\"n\": \"\(source.map { "\($0)" } ?? "")\"}"), to: "1.1.0", from: source)
    }
    #expect(try await model.failing().first?.hint?.hasPrefix("opz scan") == true)
    try await model.scan("1.1.0")
    #expect(try await model.failing() == [])
    let evidence = try #require(try await model.move("1.1.0").check(model.registry()).first?.evidence)
    #expect(evidence.contains("not signed, found by this registry's own scan"))
    // Nor does it replace a bad verdict that was found here.
    try model.project.directory.write("p/weights.bin", "cos\nsystem\n(S'id'\ntR.")
    _ = try await model.project.package()
    try await model.scan("1.2.0")
    #expect(try await model.failing("1.2.0").first?.evidence.contains("os.system") == true)
    for source in [nil, ModelState.Attachment.Source.pull, .here] {
      try model.attach(
        Model.sarif("opz", end: "2026-11-28T00:00:0\(source == .pull ? 1 : 2)Z"), to: "1.2.0", from: source)
    }
    #expect(try await model.failing("1.2.0").first?.evidence.contains("os.system") == true)
  }

  @Test("the registry's last own scan counts: a newer scanner may correct an older one")
  func rescanned() async throws {
    let model = try await Model(policy: "{scan: clean}")
    let end = Timestamp(milliseconds: Timestamp.now().milliseconds - 10_000)
    try model.attach(Model.sarif("opz", "error", end: end.description), to: "1.1.0", from: .scan)
    #expect(try await model.failing().count == 1)
    try await model.scan("1.1.0")
    #expect(try await model.failing() == [])
  }

  @Test(
    "another scanner's unsigned verdict counts if a command here attached it; a bad one counts wherever it is from"
  )
  func others() async throws {
    let model = try await Model(policy: "{scan: {tools: [Trivy]}}")
    try model.attach(Model.sarif("Trivy", "note"), to: "1.1.0", from: .pull)
    #expect(try await model.failing().count == 1)
    try model.attach(Model.sarif("Trivy"), to: "1.1.0", from: .here)
    #expect(try await model.failing() == [])
    #expect(try await model.move("1.1.0").check(model.registry())[0].evidence.contains("not signed, attached here"))
    try model.attach(Model.sarif("Trivy", "error"), to: "1.1.0", from: .pull)
    #expect(try await model.failing().first?.evidence.contains("CVE-1") == true)
    try model.attach(Model.sarif("Trivy", "warning"), to: "1.1.0", from: .here)
    #expect(try await model.failing().first?.evidence.contains("CVE-1") == true)
    // One scanner does not revoke what another one found.
    #expect(try await model.failing("1.0.0").count == 1)
    try model.write(policy: "{scan: clean}")
    try model.attach(Model.sarif("Grype", "error"), to: "1.0.0", from: .here)
    try await model.scan("1.0.0")
    #expect(try await model.failing("1.0.0").first?.evidence.hasPrefix("Grype") == true)
  }

  @Test("with keys, the last verdict that one of them signed counts")
  func signed() async throws {
    let model = try await Model(policy: "{scan: {tools: [opz], keys: [release.pub]}}")
    let (key, other) = (try model.key(), try model.key("other"))
    try await model.scan("1.1.0")
    try await model.scan("1.1.0", with: other)
    #expect(try await model.failing().first?.evidence.contains("that release.pub signed") == true)
    try await model.scan("1.1.0", with: key)
    #expect(try await model.failing() == [])
    #expect(try await model.move("1.1.0").check(model.registry())[0].evidence.contains("signed by release.pub"))
    // An unsigned bad verdict does not matter, and an unsigned good one does not count.
    try model.attach(Model.sarif("opz", "error"), to: "1.1.0", from: .pull)
    #expect(try await model.failing() == [])
    let version = try model.find("1.1.0")
    _ = try await AttestVersion(version, in: model.project.session).run(
      .scan, Array(Model.sarif("opz", "error").utf8), with: key, subject: "x", registry: model.registry())
    try model.attach(Model.sarif("opz"), to: "1.1.0", from: .pull)
    #expect(try await model.failing().first?.evidence.contains("CVE-1") == true)
  }

  @Test("what a scan allowed is in the evidence, and passes only if the policy allows it too")
  func allowed() async throws {
    let model = try await Model(policy: "{scan: clean}")
    try model.project.directory.write("p/weights.bin", "cshop.models\nTree\n(tR.")
    _ = try await model.project.package()
    let text = "1.2.0"
    try await model.scan(text, allowing: ["shop.models.Tree"])
    #expect(try await model.failing(text).first?.evidence.contains("--allow shop.models.Tree") == true)
    for (allow, passes) in [
      ("[shop.models.Tree]", true), ("[\"shop.models.*\"]", true), ("[\"shop.*\"]", true),
      ("[shop.models.Bush]", false),
      ("[\"shop.models.Tree.*\"]", false), ("[\"shopping.*\"]", false),
    ] {
      try model.write(policy: "{scan: {allow: \(allow)}}")
      #expect(try await model.failing(text).isEmpty == passes, "\(allow)")
    }
    try model.write(policy: "{scan: {allow: [shop.models.Tree]}}")
    #expect(try await model.move(text).check(model.registry())[0].evidence.contains("allowing shop.models.Tree"))
    // A policy that allows a name does not allow all names.
    try await model.scan(text, allowing: ["shop.*"])
    #expect(try await model.failing(text).count == 1)
  }

  @Test(
    "no module of Python's standard library can be allowed",
    arguments: [
      "os.system", "os.*", "subprocess.Popen", "types.FunctionType", "functools.partial", "bdb.Bdb", "timeit.timeit",
      "cProfile.run", "webbrowser.open", "ensurepip.bootstrap", "_posixsubprocess.fork_exec", "commands.getoutput",
      "nt.system", "antigravity.*", "annotationlib.x", "__builtin__.eval", "builtins.eval", "collections.*",
    ])
  func standard(_ name: String) {
    #expect(throws: TrustError.self) { try PickleAllowlist.check(name) }
    #expect(throws: (any Error).self) {
      try RegistryPolicy.read("opz: 1\npromote: {a: {scan: {allow: [\"\(name)\"]}}}\n", file: "p")
    }
  }

  @Test("a wrong clock does not make a verdict newer")
  func clocks() async throws {
    let model = try await Model(policy: "{scan: {tools: [T], days: 30}}")
    let now = Timestamp.now().milliseconds
    func time(_ days: Int64) -> Timestamp { Timestamp(milliseconds: now + days * 86_400_000) }
    func check(_ end: Timestamp?, came: Timestamp, _ source: ModelState.Attachment.Source = .here) async throws
      -> String?
    {
      let model = try await Model(policy: "{scan: {tools: [T], days: 30}}")
      try model.attach(Model.sarif("T", end: end?.description), to: "1.1.0", from: source, at: came)
      return try await model.failing().first?.evidence
    }
    #expect(try await check(time(-1), came: time(0)) == nil)
    #expect(try await check(nil, came: time(0)) == nil)
    #expect(try await check(time(-40), came: time(0))?.contains("older than 30 days") == true)
    #expect(try await check(time(-1), came: time(-40))?.contains("ended after it was attached") == true)
    #expect(try await check(time(10), came: time(0))?.contains("in the future") == true)
    #expect(try await check(time(10), came: time(10))?.contains("in the future") == true)
    #expect(try await check(nil, came: time(10))?.contains("in the future") == true)
    // A signed verdict that was pulled and does not say when its run ended counts as the oldest.
    try model.write(policy: "{scan: {days: 30, keys: [release.pub]}}")
    let version = try model.find("1.1.0")
    _ = try await AttestVersion(version, in: model.project.session).run(
      .scan, Array(Model.sarif("T").utf8), with: model.key(), from: .pull, subject: "x", registry: model.registry())
    #expect(try await model.failing().first?.evidence.contains("older than 30 days") == true)
  }

  @Test("a verdict about another image, one of two that differ, or one that contradicts itself does not pass")
  func lies() async throws {
    let model = try await Model(policy: "{scan: clean}")
    let other = try model.find("1.0.0").record.image.digest
    try model.attach(Model.sarif("opz", properties: "{\"image\":\"\(other)\"}"), to: "1.1.0", from: .scan)
    #expect(try await model.failing().first?.evidence.contains("about the image") == true)
    let two = #"{"version":"2.1.0","runs":[\#(Model.run("T", "error")),\#(Model.run("T", nil))]}"#
    try model.attach(two, to: "1.0.0", from: .here)
    #expect(try await model.failing("1.0.0").first?.evidence.hasPrefix("T: 1 result") == true)
  }

  @Test("a verdict from a stranger who may push does not count here")
  func stranger() async throws {
    let server = try RegistryServer()
    let model = try await Model()
    let version = try model.find("1.1.0")
    try await model.scan("1.1.0")
    let destination = try Reference(parsing: "\(server.host)/crm/weights:1.1.0")
    _ = try await PushVersion(version, to: destination, in: model.project.session).run(model.registry())
    var session = model.project.session
    session.registryPath = model.project.directory.path.appending("other")
    let pulled = try await PullVersion(destination, in: session).run().version
    let there = try session.openRegistry()
    try Durable.replace(
      there.root.appending("policy.yaml"), with: Array("opz: 1\npromote: {production: {scan: clean}}\n".utf8))
    #expect(try there.state(pulled.name).attachments(of: pulled).map(\.source) == [.pull])
    let move = MoveAlias(pulled, to: AliasName("production")!, .promotion, in: session)
    #expect(try await move.check(there).map(\.passed) == [false])
    // This registry's own scan does count.
    let scan = ScanVersion(pulled, in: session)
    _ = try await AttestVersion(pulled, in: session).run(
      .scan, scan.sarif(scan.run(there)), with: nil, from: .scan, subject: "x", registry: there)
    #expect(try await move.check(there).map(\.passed) == [true])
  }
}

extension GatedModel {
  static func run(_ tool: String, _ level: String?) -> String {
    let result = level.map { #"{"level":"\#($0)"}"# } ?? ""
    return #"{"tool":{"driver":{"name":"\#(tool)"}},"results":[\#(result)]}"#
  }
}
