import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import Testing

@testable import OpzFlow

/// Two writers at once: what the gates of a move looked at is what the move changes, or it ends with exit code 3. The log has one order, so each race
/// asks it whether a move stands where its gates would pass.
@Suite("Gates and the move see one state, in races of 100 rounds")
struct AliasRaceTests {
  /// How a move of a race ended: nil where it was made.
  private func outcome(_ move: () async throws -> MoveAlias.Result) async throws -> ErrorCategory? {
    do {
      _ = try await move()
      return nil
    } catch {
      // Anything else than a failure that has an exit code fails the test.
      guard let failure = error as? any ExplainedError else { throw error }
      return failure.category
    }
  }

  private func expectDecided(_ outcome: ErrorCategory?, _ round: Int) {
    #expect(outcome == nil || outcome == .refused || outcome == .conflict, "round \(round): \(outcome as Any)")
  }

  /// The events of one alias or about tests, in the log's order.
  private func log(_ model: GatedModel) throws -> [Event] {
    try model.registry().log(model.name).entries().map(\.event)
  }

  @Test(
    "of two versions at once the worse is never in place at the end, whichever command moves the alias",
    arguments: [("promote", "promote"), ("alias", "alias"), ("promote", "alias"), ("alias", "promote")])
  func better(_ ways: (worse: String, better: String)) async throws {
    let model = try await GatedModel(policy: "{better: {auc: 0.005}}")
    let registry = try model.registry()
    func way(_ name: String) -> MoveAlias.Way { name == "alias" ? .plain : .promotion }
    for round in 0..<100 {
      let alias = "a\(round)"
      try model.write(policy: "{better: {auc: 0.005}}", before: alias)
      async let worse = outcome { try await model.move("1.0.0", way(ways.worse), to: alias).run(registry) }
      async let better = outcome { try await model.move("1.1.0", way(ways.better), to: alias).run(registry) }
      let outcomes = try await [worse, better]
      #expect(try model.target(alias) == "1.1.0", "round \(round): \(outcomes)")
      #expect(outcomes[1] == nil)
      expectDecided(outcomes[0], round)
    }
  }

  @Test("a roll-back and a test that fails at once: it goes back only while the last test passed")
  func rollBack() async throws {
    let model = try await GatedModel()
    let registry = try model.registry()
    let old = try model.find("1.0.0")
    for round in 0..<100 {
      let alias = try AliasName(parsing: "a\(round)")
      try model.write(policy: nil)
      for text in ["1.0.0", "1.1.0"] { _ = try await model.move(text, to: alias.description).run(registry) }
      try model.write(policy: "{tests: true}", before: alias.description)
      try registry.note(.tested, old, by: Author(actor: "ci"), details: ["passed": .bool(true)])
      async let back = outcome { try await RollBackAlias(model.name, alias, in: model.session()).run(registry) }
      async let failed: Void = blocking {
        try registry.note(.tested, old, by: Author(actor: "ci"), details: ["passed": .bool(false)])
      }
      let (moved, _) = try await (back, failed)
      expectDecided(moved, round)
      let events = try log(model).suffix(2)
      #expect((moved == nil) == (try model.target(alias.description) == "1.0.0"))
      // The move, if it was made, stands before the test that failed.
      if moved == nil { #expect(events.map(\.kind) == [.rolledBack, .tested], "round \(round)") }
    }
  }

  @Test("a roll-back and a promotion at once: it brings back what stood before the one that it replaces")
  func rollBackOfWhat() async throws {
    let model = try await GatedModel()
    try model.project.directory.write("p/weights.bin", "three")
    _ = try await model.project.package()
    let registry = try model.registry()
    for round in 0..<100 {
      let alias = try AliasName(parsing: "a\(round)")
      for text in ["1.0.0", "1.1.0"] { _ = try await model.move(text, to: alias.description).run(registry) }
      async let back = outcome { try await RollBackAlias(model.name, alias, in: model.session()).run(registry) }
      async let new = outcome { try await model.move("1.2.0", to: alias.description).run(registry) }
      let (rolled, promoted) = try await (back, new)
      #expect(promoted == nil)
      expectDecided(rolled, round)
      let moves = try log(model).filter { $0.alias?.name == alias.description }.map(\.version).dropFirst(2)
      let possible = [["1.2.0"], ["1.0.0", "1.2.0"], ["1.2.0", "1.1.0"]]
      #expect(possible.contains(Array(moves)), "round \(round): \(moves)")
      #expect((rolled == nil) == (moves.count == 2))
    }
  }

  @Test("a promotion from staging while staging moves on: it moves only while staging names the version")
  func from() async throws {
    let model = try await GatedModel()
    let registry = try model.registry()
    for round in 0..<100 {
      let (staging, production) = ("s\(round)", "p\(round)")
      try model.write(file: "opz: 1\npromote: {\(production): {from: \(staging)}}\n")
      _ = try await model.move("1.0.0", to: staging).run(registry)
      async let on = outcome { try await model.move("1.1.0", to: staging).run(registry) }
      async let up = outcome {
        try await model.move("1.0.0", round.isMultiple(of: 2) ? .plain : .promotion, to: production).run(registry)
      }
      let (staged, promoted) = try await (on, up)
      #expect(staged == nil)
      expectDecided(promoted, round)
      let moves = try log(model).compactMap { $0.alias?.name }.suffix(2)
      #expect((promoted == nil) == (try model.target(production) == "1.0.0"))
      if promoted == nil { #expect(Array(moves) == [production, staging], "round \(round)") }
    }
  }

  @Test("a policy that asks for more while an alias moves: the event has the policy whose gates passed")
  func policy() async throws {
    let model = try await GatedModel()
    let registry = try model.registry()
    for round in 0..<100 {
      let alias = "a\(round)"
      let text = "opz: 1\npromote: {\(alias): {metrics: {auc: \"> 0.1\"}}}\n"
      try model.write(file: text)
      async let moved = outcome {
        try await model.move("1.0.0", round.isMultiple(of: 2) ? .plain : .promotion, to: alias).run(registry)
      }
      async let written: Void = blocking { try model.write(file: text.replacing("0.1", with: "0.99")) }
      let (outcome, _) = try await (moved, written)
      expectDecided(outcome, round)
      guard outcome == nil else { continue }
      #expect(try model.lastEvent().details["policy"] == .string(Digest.of(Array(text.utf8)).description))
    }
  }

  /// Merges a registry that gave 1.1.0 to another image, and then deletes this one's: the number is the other's now.
  private func giveAway(_ model: GatedModel) async throws {
    let other = try await GatedModel(weights: ["one", "other"])
    let own = try model.find("1.1.0")
    let paths = [other, model].map { "\($0.project.session.registryPath)/." }
    #expect(try ChildProcess.run(["cp", "-rn"] + paths).status == 0)
    let registry = try model.registry()
    let old = try other.find("1.0.0")
    _ = try? registry.delete(
      model.name, old.version, image: old.record.image.digest, force: true, by: Author(actor: "m"))
    try registry.delete(model.name, own.version, image: own.record.image.digest, force: true, by: Author(actor: "m"))
    #expect(try model.find("1.1.0").record.image != own.record.image)
  }

  @Test("a number that is given to another image while an alias moves: the alias never names what no gate looked at")
  func givenAway() async throws {
    let model = try await GatedModel(policy: "{metrics: {auc: \"> 0.1\"}}")
    let move = try model.move("1.1.0")
    try await giveAway(model)
    let early = try await outcome { try await move.run(model.registry()) }
    #expect(early == .conflict)
    #expect(try model.target() == nil)
    let late = try await outcome { try await model.move("1.1.0").run(model.registry()) }
    #expect(late == nil)
  }

  @Test("a roll-back brings back an image, and not what was given its number later")
  func rollBackToAnother() async throws {
    let model = try await GatedModel()
    for text in ["1.1.0", "1.0.0"] { _ = try await model.move(text).run(model.registry()) }
    try await giveAway(model)
    for force in [nil, try Override("in a hurry")] {
      var back = RollBackAlias(model.name, AliasName("production")!, in: model.session())
      back.force = force
      let request = back
      let result = try await outcome { try await request.run(model.registry()) }
      #expect(result == .conflict)
    }
    #expect(try model.target() == "1.0.0")
  }
}
