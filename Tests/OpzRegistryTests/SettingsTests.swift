import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

@Suite("Settings that change without a new version")
struct SettingsTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }

  init() throws {
    fixture = try RegistryFixture()
    try fixture.add("crm/churn", "1.0.0", content: "one")
  }

  func find(in other: Registry? = nil) throws -> Registry.Version {
    try (other ?? registry).find(LocalReference(parsing: "crm/churn@1.0.0"))
  }

  func settings(
    max: Int64 = 10, tags: [String: String] = ["team": "crm"], pushTo: String? = nil,
    tests: [VersionRecord.TestFile] = []
  ) -> VersionSettings {
    VersionSettings(
      deploy: .object(["replicas": .object(["min": .integer(2), "max": .integer(max)])]), lineage: Lineage(tags: tags),
      pushTo: pushTo, tests: tests)
  }

  @discardableResult
  func configure(_ settings: VersionSettings, in other: Registry? = nil) throws -> [SettingsChange] {
    let registry = other ?? registry
    let outcome = try registry.record(
      ModelName("crm/churn"), by: Author(actor: "ann\tx"), settings: settings
    ) { _ in .same(try find(in: registry)) }
    if case .configured(_, let changes) = outcome { return changes }
    return []
  }

  func kinds() throws -> [Event.Kind] { try registry.log(ModelName("crm/churn")).entries().map(\.event.kind) }

  @Test("different settings add an event and keep record, bytes and digests; the same settings add none")
  func recorded() async throws {
    let before = try find()
    let changes = try configure(settings(pushTo: "h.example/x"))
    #expect(changes.map(\.field) == ["deploy.replicas.max", "deploy.replicas.min", "push.to"])
    #expect(changes[0].description == "deploy.replicas.max: (not set) -> 10")
    #expect(try configure(settings(pushTo: "h.example/x")) == [])
    #expect(try kinds() == [.packaged, .configured, .repackaged])
    let now = try registry.current(find())
    #expect(now.bytes == before.bytes && now.artifact == before.artifact && now.record.pushTo == "h.example/x")
    #expect(try find().record == before.record && now.record.image == before.record.image)
    #expect(
      try configure(settings(max: 20, pushTo: "h.example/x")).map(\.description) == ["deploy.replicas.max: 10 -> 20"])
    #expect(try await registry.fsck().problems == [])
    // Returning to the settings of the record is one more change.
    #expect(try configure(VersionSettings(before.record)).count == 3)
    #expect(try registry.current(find()).record == before.record)
  }

  @Test(
    "fields are compared one by one",
    arguments: [
      (#"{"a": 1}"#, #"{"a": 1.0}"#, [String]()), (#"{"a": null}"#, "{}", []), ("{}", #"{"a": {"b": 1}}"#, ["a.b"]),
      (#"{"a": {"b": 1, "c": 2}}"#, "{}", ["a.b", "a.c"]), (#"{"a": [1, 2]}"#, #"{"a": [1, 3]}"#, ["a[1]"]),
      (#"{"a": [1, 2]}"#, #"{"a": [1]}"#, ["a"]), (#"{"a": {}}"#, "{}", ["a"]), (#"{"a": "1"}"#, #"{"a": 1}"#, ["a"]),
      (#"{"a": [{"x": 1}]}"#, #"{"a": [{"x": 2}]}"#, ["a[0].x"]),
    ])
  func compared(old: String, new: String, fields: [String]) throws {
    func settings(_ text: String) throws -> VersionSettings {
      let value = try CanonicalJSON.decode(JSONValue.self, from: Array(text.utf8), subject: "t")
      return VersionSettings(deploy: value, lineage: Lineage(), pushTo: nil, tests: [])
    }
    #expect(try settings(new).changes(since: settings(old)).map(\.field) == fields.map { "deploy.\($0)" })
  }

  @Test("the cached state has the same settings as the events")
  func cache() throws {
    for number in 0..<20 { try configure(settings(max: Int64(number), tags: ["a%\t": "\(number)\n", "b": ""])) }
    let name = try ModelName("crm/churn")
    let cached = try registry.state(name)
    #expect(try FileStatus.find(registry.root.appending("cache/state/crm%2Fchurn.state")) != nil)
    #expect(try registry.state(name) == cached && cached.configurations.values.first?.count == 1)
    try Durable.removeTree(registry.root.appending("cache"))
    #expect(try registry.state(name) == cached)
    #expect(try cached.tags(of: find()) == ["a%\t": "19\n", "b": ""])
  }

  @Test(
    "searches, lists and rules use the tags and metrics of the newest set; opz tag overrides them",
    arguments: [1, 2])
  func searched(rounds: Int) async throws {
    func found(_ query: String) async throws -> Int {
      var count = 0
      // The second time, it comes from the cache.
      for _ in 0..<rounds { count = try await registry.search(nil, where: VersionQuery(parsing: query)).count }
      return count
    }
    #expect(try await found("tag.team = 'crm'") == 1)
    var lineage = Lineage(tags: ["stage": "new"])
    lineage.metrics = .object(["auc": .number(0.75)])
    try configure(VersionSettings(deploy: nil, lineage: lineage, pushTo: nil, tests: []))
    #expect(try await found("tag.team = 'crm'") == 0)
    #expect(try await found("tag.stage = 'new'") == 1)
    #expect(try await found("metrics.auc > 0.7") == 1)
    try registry.tag(find(), ["stage": "old"], by: Author(actor: "t"))
    #expect(try await found("tag.stage = 'old'") == 1)
    #expect(try await registry.search(nil).first?.tags == ["stage": "old"])
  }

  @Test("test files are kept as long as their set applies, and an audit reports a missing one")
  func tests() async throws {
    let blob = try registry.store.put(Array("a,b\n".utf8), RecordArtifact.testType)
    let other = try registry.store.put(Array("c,d\n".utf8), RecordArtifact.testType)
    try configure(settings(tests: [.init(name: "expected.csv", descriptor: other)]))
    let changes = try configure(settings(tests: [.init(name: "expected.csv", descriptor: blob)]))
    #expect(changes.map(\.field) == ["test.expected.csv"])
    var options = Registry.CollectionOptions()
    options.grace = 0
    _ = try registry.collect(
      options, by: Author(actor: "t", at: Timestamp(milliseconds: Timestamp.now().milliseconds + 5000)))
    #expect(try registry.store.has(blob))
    #expect(try !registry.store.has(other))
    #expect(try await registry.fsck().problems == [])
    try Durable.remove(registry.store.path(of: blob.digest))
    for quick in [true, false] {
      #expect(try await registry.fsck(.init(quick: quick)).problems.count == 1)
    }
    #expect(throws: RegistryError.self) {
      try configure(settings(max: 11, tests: [.init(name: "expected.csv", descriptor: blob)]))
    }
  }

  @Test(
    "a forged set that cannot be read changes nothing, and an audit names it",
    arguments: [nil, JSONValue.null, "text", .object([:]), .object(["lineage": .array([])]), .array([])])
  func forged(_ value: JSONValue?) async throws {
    let version = try find()
    try registry.note(.configured, version, by: Author(actor: "t"), details: value.map { ["settings": $0] } ?? [:])
    #expect(try registry.current(version).record == version.record)
    let problems = try await registry.fsck().problems
    #expect(problems.count == 1 && problems[0].reason.contains("settings cannot be read"))
  }

  @Test("settings too large for an event are refused, and nothing is written")
  func large() throws {
    let text = String(repeating: "x", count: 5 << 20)
    let error = #expect(throws: RegistryError.self) {
      try configure(VersionSettings(deploy: .string(text), lineage: Lineage(), pushTo: nil, tests: []))
    }
    #expect(error?.category == .usage)
    #expect(try kinds() == [.packaged])
  }

  @Test("two clones that changed settings separately agree on the newest after a merge")
  func merged() async throws {
    let clones = try GitClones { try $0.add("crm/churn", "1.0.0", content: "one") }
    try configure(settings(max: 1), in: clones.ours)
    try configure(settings(max: 2), in: clones.theirs)
    let theirs = try clones.theirs.log(ModelName("crm/churn")).entries().last
    #expect(try clones.merge() == 0)
    #expect(try await clones.ours.fsck().problems == [])
    let state = try clones.ours.state(ModelName("crm/churn"))
    let entries = try clones.ours.log(ModelName("crm/churn")).entries().filter { $0.event.kind == .configured }
    let newest = try #require(entries.max { ($0.event.number, $0.hash) < ($1.event.number, $1.hash) })
    #expect(state.configuration(of: try find(in: clones.ours))?.event.hash == newest.hash)
    let deploy = try clones.ours.current(find(in: clones.ours)).record.deploy
    #expect(deploy?["replicas"]?["max"] == .integer(newest.hash == theirs?.hash ? 2 : 1))
    // The next change overrides both.
    try configure(settings(max: 3), in: clones.ours)
    #expect(try clones.ours.current(find(in: clones.ours)).record.deploy?["replicas"]?["max"] == .integer(3))
  }
}
