import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Every way to move an alias")
struct MoveAliasTests {
  @Test("no way to move an alias bypasses its gates", arguments: ["promote", "alias", "rollback"])
  func ways(_ way: String) async throws {
    let model = try await GatedModel()
    _ = try await model.move("1.0.0").run(model.registry())
    _ = try await model.move("1.1.0").run(model.registry())
    try model.write(policy: "{signature: {keys: [release.pub]}, scan: clean}")
    _ = try model.key()
    func move(_ force: Override?) async throws -> MoveAlias.Result {
      switch way {
      case "promote": return try await model.move("1.0.0") { $0.force = force }.run(model.registry())
      case "alias": return try await model.move("1.0.0", .plain) { $0.force = force }.run(model.registry())
      default:
        var back = RollBackAlias(model.name, AliasName("production")!, in: model.session())
        back.force = force
        return try await back.run(model.registry())
      }
    }
    let error = await #expect(throws: FlowError.self) { try await move(nil) }
    #expect(error?.category == .refused && error?.hint?.contains("--force --reason") == true)
    #expect(try model.target() == "1.1.0")
    let forced = try await move(try Override("the other is down"))
    #expect(forced.isForced && forced.gates.map(\.gate) == ["signature", "scan"])
    #expect(try model.target() == "1.0.0")
    let event = try model.lastEvent()
    #expect(event.details["forced"] == .bool(true) && event.details["reason"] == .string("the other is down"))
    let digest = try #require(RegistryPolicy.of(model.registry()).digest)
    #expect(event.details["policy"] == .string(digest.description))
    #expect(try await model.registry().fsck().problems == [])
  }

  @Test("if all gates are satisfied, each way succeeds, and the event has the evidence and the policy's digest")
  func passes() async throws {
    let model = try await GatedModel(policy: "{signature: {keys: [release.pub]}, scan: clean}")
    let key = try model.key()
    for text in ["1.0.0", "1.1.0"] {
      try await model.sign(text, with: key)
      try await model.scan(text)
    }
    let digest = try #require(RegistryPolicy.of(model.registry()).digest).description
    let promoted = try await model.move("1.0.0").run(model.registry())
    #expect(!promoted.isForced && promoted.gates.map(\.gate) == ["signature", "scan"])
    let second = try await model.move("1.1.0", .plain).run(model.registry())
    let alias = AliasName("production")!
    let back = try await RollBackAlias(model.name, alias, in: model.session()).run(model.registry())
    #expect(back.change.to?.description == "1.0.0" && back.gates.map(\.gate) == ["signature", "scan"])
    let moves = try model.registry().log(model.name).entries().map(\.event).filter { $0.alias != nil }
    #expect(moves.map(\.kind) == [.promoted, .aliased, .rolledBack])
    for event in moves {
      #expect(event.details["policy"] == .string(digest) && event.details["forced"] == nil)
      #expect(event.details["asked"] != nil)
      #expect(
        event.details["gates"] == (try JSONValue(encoding: event.version == "1.0.0" ? promoted.gates : second.gates)))
    }
  }

  @Test("--policy adds gates and removes none")
  func added() async throws {
    let model = try await GatedModel(policy: "{tests: true}")
    try model.project.directory.write("own.yaml", "opz: 1\npromote: {production: {metrics: {auc: \"> 0.1\"}}}\n")
    let own = try RegistryPolicy.read(model.project.directory.path.appending("own.yaml"))
    let results = try await model.move("1.0.0") { $0.added = own }.check(model.registry())
    #expect(results.map(\.gate) == ["tests", "metrics.auc"] && results.map(\.passed) == [false, true])
    try model.registry().note(
      .tested, model.find("1.0.0"), by: Author(actor: "ci"), details: ["passed": .bool(true)])
    let done = try await model.move("1.0.0") { $0.added = own }.run(model.registry())
    #expect(done.gates.count == 2 && done.gates.allSatisfy(\.passed))
    let event = try model.lastEvent()
    let digest = try #require(own.digest)
    #expect(event.details["addedPolicy"] == .string(digest.description))
    #expect(event.details["policy"] != event.details["addedPolicy"])
  }

  @Test("an alias with gates can be removed only with a reason")
  func removal() async throws {
    let model = try await GatedModel()
    _ = try await model.move("1.1.0").run(model.registry())
    try model.write(policy: "{better: {auc: 0.001}}")
    var take = RemoveAlias(model.name, AliasName("production")!, in: model.session())
    let error = #expect(throws: FlowError.self) { try take.run(model.registry()) }
    #expect(error?.category == .refused)
    take.force = try Override("nothing may answer")
    #expect(try take.run(model.registry()).to == nil)
    #expect(try model.lastEvent().details["reason"] == .string("nothing may answer"))
    // The next version is compared with the one that the removed alias named.
    #expect(try await model.failing("1.0.0").map(\.gate) == ["better.auc"])
    #expect(try await model.failing("1.1.0") == [])
  }

  @Test(
    "a reason must not be empty",
    arguments: ["", " ", "\n\t", "\u{200B}", "...", "\u{3000}", String(repeating: "x", count: 2_001)])
  func reasons(_ text: String) {
    #expect(throws: FlowError.self) { try Override(text) }
  }

  @Test("a missing key file does not stop a forced move with a reason")
  func missingKey() async throws {
    let model = try await GatedModel(policy: "{signature: {keys: [nowhere.pub]}}")
    await #expect(throws: (any Error).self) { try await model.move("1.0.0").run(model.registry()) }
    let forced = try await model.move("1.0.0") { $0.force = try Override("the key is lost") }.run(model.registry())
    #expect(forced.isForced && forced.gates.map(\.gate) == ["policy"])
  }

  @Test("an import does not set an alias that has gates")
  func importing() async throws {
    let project = try Project()
    try MLflowFixture.write(in: project.directory)
    try Durable.makeDirectory(project.session.registryPath)
    _ = try project.session.createRegistry()
    try project.directory.write("registry/policy.yaml", "opz: 1\npromote: {champion: {tests: true}}\n")
    let items = try await ImportMLflow(.init(database: "mlflow.db"), in: project.session).run()
    #expect(items.map(\.aliases) == [[], [], ["challenger_1"]])
    let state = try project.registry().state(ModelName("churn"))
    #expect(state.target(AliasName("champion")!) == nil)
  }

  /// Only two files move aliases; every new use case has to go through `MoveAlias`.
  @Test("nothing else in the program moves an alias")
  func source() throws {
    let root = PackageRoot.path(#filePath).appending("Sources")
    for module in ["OpzFlow", "OpzFlow/Gates", "OpzCLI", "OpzHub", "OpzHub/Registry"] {
      for file in try Directory.entries(root.pushing(FilePath(module))) where file.string.hasSuffix(".swift") {
        if ["MoveAlias.swift", "RemoveAlias.swift"].contains(file.string) { continue }
        let text = String(decoding: try FileBlob(root.pushing(FilePath(module)).appending(file)).bytes(), as: UTF8.self)
        for call in ["registry.set(", "registry.unset(", "registry.rollBack("] {
          #expect(!text.contains(call), "\(module)/\(file)")
        }
      }
    }
  }

  @Test("if the policy or the model changes while the gates are checked, they are checked again")
  func premise() async throws {
    let model = try await GatedModel(policy: "{tests: true}")
    let registry = try model.registry()
    let (version, alias, author) = (try model.find("1.0.0"), AliasName("production")!, Author(actor: "t"))
    let snapshot = try registry.snapshot(model.name)
    let digest = try RegistryPolicy.digest(of: registry)
    let premise = Registry.Premise(snapshot) { try RegistryPolicy.digest(of: registry) == digest }
    func set(_ premise: Registry.Premise) -> RegistryError.Code? {
      let result = Result { try registry.set(alias, to: version, on: premise, by: author) }
      guard case .failure(let error) = result else { return nil }
      let failure = error as? RegistryError
      #expect(failure?.category == .conflict, "\(error)")
      return failure?.code
    }
    try model.write(policy: "{tests: true, clean: true}")
    #expect(set(premise) == .changed)
    try model.write(policy: "{tests: true}")
    // Any event may matter to a gate.
    try registry.note(.tested, version, by: author, details: ["passed": .bool(false)])
    #expect(set(premise) == .changed)
    let fresh = Registry.Premise(try registry.snapshot(model.name))
    #expect(set(fresh) == nil)
  }
}
