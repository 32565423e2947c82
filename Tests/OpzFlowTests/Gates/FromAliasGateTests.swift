import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import Testing

@testable import OpzFlow

@Suite("The gate from: another alias that passed its own gates")
struct FromGateTests {
  static let gated = "opz: 1\npromote: {staging: {tests: true}, production: {from: staging}}\n"
  let staging = AliasName("staging")!

  func test(_ model: GatedModel, _ text: String = "1.1.0") throws {
    try model.registry().note(.tested, model.find(text), by: Author(actor: "ci"), details: ["passed": .bool(true)])
  }

  @Test("a promotion counts, and so does opz alias if the alias had gates")
  func counts() async throws {
    let model = try await GatedModel()
    try model.write(file: Self.gated)
    #expect(try await model.failing().map(\.evidence) == ["staging does not name it"])
    try test(model)
    _ = try await model.move("1.1.0", .plain, to: "staging").run(model.registry())
    #expect(try await model.failing() == [])
    #expect(try await model.failing("1.0.0").count == 1)
    try test(model, "1.0.0")
    _ = try await model.move("1.0.0", to: "staging").run(model.registry())
    #expect(try await model.failing("1.0.0") == [])
    #expect(try await model.failing("1.1.0").count == 1)
  }

  @Test("an alias without gates counts only if opz promote moved it")
  func ungated() async throws {
    let model = try await GatedModel(policy: "{from: staging}")
    _ = try await model.move("1.1.0", .plain, to: "staging").run(model.registry())
    #expect(try await model.failing().first?.evidence.contains("had no gates when it was set") == true)
    // Already at this version, and now promoted to it.
    _ = try await model.move("1.1.0", to: "staging").run(model.registry())
    #expect(try model.lastEvent().kind == .promoted)
    #expect(try await model.failing() == [])
    let count = try model.registry().log(model.name).entries().count
    _ = try await model.move("1.1.0", to: "staging").run(model.registry())
    #expect(try model.registry().log(model.name).entries().count == count)
  }

  @Test("a move under an old policy, without a policy, by force, or written directly to the log does not count")
  func doubtful() async throws {
    let model = try await GatedModel()
    let registry = try model.registry()
    // Moved before there was a policy.
    _ = try await model.move("1.1.0", to: "staging").run(registry)
    try model.write(file: Self.gated)
    #expect(try await model.failing().first?.evidence.contains("before the policy had these gates") == true)
    // Moved under weaker gates.
    try test(model)
    try model.write(file: Self.gated.replacing("{tests: true}", with: "{metrics: {auc: \"> 0\"}}"))
    _ = try await model.move("1.1.0", to: "staging").run(registry)
    #expect(try await model.failing() == [])
    try model.write(file: Self.gated)
    #expect(try await model.failing().count == 1)
    // A move without any gate, as another program might write it.
    try registry.set(staging, to: model.find("1.0.0"), by: Author(actor: "mallory"))
    try registry.set(staging, to: model.find("1.1.0"), by: Author(actor: "mallory"))
    #expect(try await model.failing().count == 1)
    // Moved by force.
    try registry.note(.tested, model.find("1.1.0"), by: Author(actor: "ci"), details: ["passed": .bool(false)])
    _ = try await model.move("1.1.0", to: "staging") { $0.force = try Override("in a hurry") }.run(registry)
    #expect(try await model.failing().count == 1)
    // First moved by force, then through the gates.
    try test(model)
    _ = try await model.move("1.1.0", to: "staging").run(registry)
    #expect(try await model.failing() == [])
    // A move in the future.
    let gates = try #require(RegistryPolicy.of(registry).promote[staging])
    try registry.set(staging, to: model.find("1.0.0"), by: Author(actor: "mallory"))
    try registry.set(
      staging, to: model.find("1.1.0"), kind: .promoted,
      by: Author(actor: "mallory", at: Timestamp(milliseconds: Timestamp.now().milliseconds + 86_400_000)),
      details: ["asked": .string(gates.digest().description)])
    #expect(try await model.failing().first?.evidence.contains("in the future") == true)
  }

  @Test("a rollback counts if the move that it restores counted")
  func rolledBack() async throws {
    let model = try await GatedModel()
    try model.write(file: Self.gated)
    let registry = try model.registry()
    for text in ["1.1.0", "1.0.0"] {
      try test(model, text)
      _ = try await model.move(text, to: "staging").run(registry)
    }
    _ = try await RollBackAlias(model.name, staging, in: model.session()).run(registry)
    #expect(try model.target("staging") == "1.1.0")
    #expect(try await model.failing() == [])

    let other = try await GatedModel()
    for text in ["1.1.0", "1.0.0"] { try other.registry().set(staging, to: other.find(text), by: Author(actor: "m")) }
    try other.write(file: Self.gated)
    try test(other)
    _ = try await RollBackAlias(other.name, staging, in: other.session()).run(other.registry())
    #expect(try await other.failing().count == 1)
  }

  @Test("if two clones moved the alias to different versions, neither counts")
  func conflict() async throws {
    let model = try await GatedModel()
    try model.write(file: Self.gated)
    let registry = try model.registry()
    for text in ["1.0.0", "1.1.0"] { try test(model, text) }
    _ = try await model.move("1.0.0", to: "staging").run(registry)
    let snapshot = try registry.snapshot(model.name)
    _ = try await model.move("1.1.0", to: "staging").run(registry)
    #expect(try await model.failing() == [])
    // Written by a clone that had not seen the last move.
    let tip = try #require(snapshot.state.tips(staging).first)
    let event = try #require(try registry.event(of: tip, in: snapshot))
    try Durable.makeDirectory(registry.root.appending("cache"))
    let log = registry.log(model.name)
    let heads = try log.currentHeads()
    var other = event
    other.number = try #require(log.entries().last?.event.number) + 1
    other.heads = heads
    other.alias = Event.AliasMove(name: "staging", after: [])
    let bytes = try CanonicalJSON.encodePretty(other)
    let number = String(other.number)
    let file = String(repeating: "0", count: 8 - number.count) + "\(number)-\(Digest.of(bytes).hex).json"
    try Durable.replace(
      registry.root.appending("models").appending("crm").appending("weights").appending("events").appending(file),
      with: bytes)
    #expect(try registry.state(model.name).isConflicted(staging))
    #expect(try await model.failing("1.1.0").count == 1)
    #expect(try await model.failing("1.0.0").count == 1)
  }
}
