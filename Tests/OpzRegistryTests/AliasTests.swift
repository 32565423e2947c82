import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzRegistry

@Suite("Aliases")
struct AliasTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }
  let churn: ModelName
  let production = AliasName("production")!
  let author = Author(actor: "tester")

  init() throws {
    fixture = try RegistryFixture()
    churn = try ModelName("churn")
    for version in ["1.0.0", "1.1.0", "1.2.0"] { try fixture.add("churn", version, content: "content of \(version)") }
  }

  func version(_ text: String) throws -> Registry.Version {
    try registry.find(LocalReference(parsing: "churn@\(text)"))
  }

  func set(_ text: String, expecting: Registry.Expectation = .anything) throws {
    try registry.set(production, to: try version(text), expecting: expecting, by: author)
  }

  @Test("an alias can be set, moved and removed")
  func moves() throws {
    try set("1.0.0", expecting: .nothing)
    #expect(try version("production").version == SemanticVersion(major: 1, minor: 0, patch: 0))
    try set("1.2.0", expecting: .version(SemanticVersion(major: 1, minor: 0, patch: 0)))
    #expect(try version("production").version == SemanticVersion(major: 1, minor: 2, patch: 0))
    #expect(try registry.state(churn).aliases(of: SemanticVersion(major: 1, minor: 2, patch: 0)) == [production])
    let index = try registry.store.index()
    #expect(index.manifests.contains { $0.annotations?["org.opencontainers.image.ref.name"] == "churn@production" })
    try registry.unset(production, of: churn, by: author)
    let gone = #expect(throws: RegistryError.self) { try version("production") }
    #expect(gone?.category == .notFound)
    let again = #expect(throws: RegistryError.self) { try registry.unset(production, of: churn, by: author) }
    #expect(again?.category == .notFound)
  }

  @Test("setting an alias to the version that it already names writes no event")
  func idle() throws {
    try set("1.0.0")
    let before = try registry.log(churn).entries().count
    try set("1.0.0")
    #expect(try registry.log(churn).entries().count == before)
  }

  @Test(
    "an alias that does not name the expected version is not moved",
    arguments: [Registry.Expectation.nothing, .version(SemanticVersion(major: 1, minor: 2, patch: 0))])
  func compareAndSwap(_ expected: Registry.Expectation) throws {
    try set("1.0.0")
    let error = #expect(throws: RegistryError.self) { try set("1.1.0", expecting: expected) }
    #expect(error?.category == .conflict)
    #expect(try version("production").version == SemanticVersion(major: 1, minor: 0, patch: 0))
  }

  @Test("of many writers with the same expectation, one wins")
  func race() async throws {
    try set("1.0.0")
    let (registry, production, author) = (registry, production, author)
    let target = try version("1.1.0")
    let won = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (try? await blocking {
            try registry.set(
              production, to: target, expecting: .version(SemanticVersion(major: 1, minor: 0, patch: 0)), by: author)
          }) != nil
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(won == 1)
  }

  @Test("a rollback goes to the previous version, and the next one goes back further")
  func rollBack() throws {
    for text in ["1.0.0", "1.1.0", "1.2.0"] { try set(text) }
    func back() throws -> String? {
      let (move, version) = try registry.previous(production, of: churn)
      return try registry.rollBack(production, to: move, version, by: author).to?.description
    }
    #expect(try back() == "1.1.0")
    #expect(try back() == "1.0.0")
    let error = #expect(throws: RegistryError.self) { try back() }
    #expect(error?.category == .notFound)
    try set("1.2.0")
    #expect(try back() == "1.0.0")
    // A move that is no longer the previous one is refused.
    let (move, version) = try {
      try set("1.1.0"); return try registry.previous(production, of: churn)
    }()
    try set("1.2.0")
    #expect(throws: RegistryError.self) { try registry.rollBack(production, to: move, version, by: author) }
  }

  @Test("a rollback skips a deleted version")
  func rollBackOverDeleted() throws {
    for text in ["1.0.0", "1.1.0", "1.2.0"] { try set(text) }
    try registry.delete(churn, SemanticVersion(major: 1, minor: 1, patch: 0), force: true, by: author)
    #expect(
      try registry.previous(production, of: churn).version.version == SemanticVersion(major: 1, minor: 0, patch: 0))
  }

  @Test("the version that an alias named at an earlier time can be found")
  func past() throws {
    func at(_ text: String, _ version: String) throws {
      try registry.set(
        production, to: try self.version(version), by: Author(actor: "t", at: try #require(Timestamp(text))))
    }
    try at("2030-05-01T00:00Z", "1.0.0")
    try at("2030-05-03T14:00Z", "1.1.0")
    try at("2030-05-04T00:00Z", "1.2.0")
    for (moment, expected) in [("2030-05-02", "1.0.0"), ("2030-05-03T14:02Z", "1.1.0"), ("2030-06-01", "1.2.0")] {
      let state = try registry.state(churn, at: try #require(Timestamp(moment)))
      #expect(state.target(production)?.description == expected)
    }
    let before = try registry.state(churn, at: try #require(Timestamp("2030-04-30")))
    let error = #expect(throws: RegistryError.self) {
      try registry.find(LocalReference(churn, .alias(production)), in: before)
    }
    #expect(error?.category == .notFound)
  }

  @Test("a version that an alias names, or recently named, is not deleted")
  func held() throws {
    try set("1.0.0")
    let named = #expect(throws: RegistryError.self) {
      try registry.delete(churn, SemanticVersion(major: 1, minor: 0, patch: 0), force: true, by: author)
    }
    #expect(named?.category == .conflict)
    try set("1.1.0")
    let lately = #expect(throws: RegistryError.self) {
      try registry.delete(churn, SemanticVersion(major: 1, minor: 0, patch: 0), by: author)
    }
    #expect(lately?.hint?.contains("--force") == true)
    let later = Author(actor: "t", at: Timestamp(milliseconds: Timestamp.now().milliseconds + 31 * 86_400_000))
    try registry.delete(churn, SemanticVersion(major: 1, minor: 0, patch: 0), by: later)
    let gone = #expect(throws: RegistryError.self) { try version("1.0.0") }
    #expect(gone?.reason.contains("deleted") == true)
    // The number is not reused.
    let record = try fixture.record("churn", "1.0.0", content: "other")
    #expect(throws: RegistryError.self) {
      try registry.record(churn, by: author) { _ in .new(record, SemanticVersion(major: 1, minor: 0, patch: 0)) }
    }
  }

  @Test("the cached state equals the state from the events, whatever happened in between", arguments: 0..<6)
  func cache(_ seed: Int) throws {
    var random = SplitMix(seed: UInt64(seed))
    for round in 0..<40 {
      switch random.next() % 6 {
      case 0: try fixture.add("churn", "2.\(seed).\(round)", content: "\(seed) \(round)")
      case 1: try set(["1.0.0", "1.1.0", "1.2.0"][Int(random.next() % 3)])
      case 2: try registry.tag(try version("1.1.0"), ["a": "tab\tline\nend %09", "b": nil], by: author)
      case 3: try registry.describe(try version("1.1.0"), Array("# \(round)".utf8), by: author)
      case 4:
        try registry.note(
          .pushed, try version("1.0.0"), by: author,
          details: ["destination": .array([.string("host.example/a:\(round % 3)")])])
      default:
        _ = try? registry.delete(
          churn, SemanticVersion(major: 2, minor: UInt64(seed), patch: UInt64(random.next() % 40)), by: author)
      }
      if random.next() % 7 == 0 { _ = try registry.state(churn) }
    }
    var folded = ModelState()
    for entry in try registry.log(churn).entries() { folded.apply(entry) }
    folded.tags = folded.tags.filter { !$0.value.isEmpty }
    var cached = try registry.state(churn)
    cached.tags = cached.tags.filter { !$0.value.isEmpty }
    #expect(cached == folded)
    let file = registry.root.appending("cache/state/churn.state")
    if try FileStatus.find(file) != nil { try fixture.damage(file) }
    var repaired = try registry.state(churn)
    repaired.tags = repaired.tags.filter { !$0.value.isEmpty }
    #expect(repaired == folded)
  }
}

/// A small generator with a seed.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

@Suite("Times")
struct TimestampTextTests {
  @Test(
    "times are read in the formats that people write",
    arguments: [
      ("1970-01-01", 0), ("2026-05-03T14:02Z", 1_777_816_920_000), ("2026-05-03T14:02:05.123Z", 1_777_816_925_123),
      ("2026-05-03T16:02+02:00", 1_777_816_920_000), ("2026-05-03 14:02", 1_777_816_920_000),
      ("2024-02-29", 1_709_164_800_000),
    ] as [(String, Int64)])
  func read(_ text: String, _ expected: Int64) { #expect(Timestamp(text)?.milliseconds == expected) }

  @Test(
    "anything else is not a time",
    arguments: [
      "", "2026", "2026-13-01", "2026-02-30", "2026-05-03T25:00Z", "2026-05-03T14:02Zx", "1969-01-01", "2026-05-03T14",
      "2025-02-29",
    ])
  func refuse(_ text: String) { #expect(Timestamp(text) == nil) }
}
