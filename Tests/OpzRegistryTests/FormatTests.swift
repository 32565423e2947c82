import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

/// A registry of format 2 that a later opz wrote to.
@Suite("What a later opz wrote")
struct LaterDocumentTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }
  let later: LaterOpz
  let churn: ModelName
  let author = Author(actor: "t")

  init() throws {
    fixture = try RegistryFixture()
    later = LaterOpz(registry: fixture.registry)
    churn = try ModelName("churn")
    try fixture.add("churn", "1.0.0", content: "a")
  }

  private func version(_ text: String = "churn@1.0.0") throws -> Registry.Version {
    try registry.find(LocalReference(parsing: text))
  }

  @Test("a kind that is not known changes nothing, is shown, counted by an audit, and followed by later events")
  func kinds() async throws {
    let before = try registry.state(churn)
    try later.append("installed", to: "churn", ["details": .object(["database": .string("pg")])])
    try later.append("verdict", to: "churn")
    let last = try later.append("installed", to: "churn", ["moves": .string("none"), "more": .array([.null])])
    var after = try registry.state(churn)
    #expect(after.events[SemanticVersion(major: 1, minor: 0, patch: 0)]?.count == 4)
    after.events = before.events
    #expect(after == before)
    let report = try await registry.fsck()
    #expect(report.problems == [] && report.unknown == ["installed": 2, "verdict": 1] && report.events == 4)
    #expect(
      try registry.events(of: churn, version().version, in: registry.state(churn)).map(\.kind.rawValue) == [
        "packaged", "installed", "verdict", "installed",
      ])
    try registry.tag(version(), ["a": "b"], by: author)
    #expect(try registry.log(churn).entries().last?.event.heads == [last.hash])
    #expect(try await registry.fsck(.init(quick: true)).problems == [])
  }

  @Test("members that are not known are in what history shows, byte for byte on the disk")
  func members() throws {
    let name = try later.append("installed", to: "churn", ["more": .object(["b": .integer(1)])])
    let log = try registry.log(churn)
    let path = log.events.appending(name.file)
    let bytes = try FileBlob(path).bytes()
    try registry.set(AliasName("production")!, to: version(), by: author)
    _ = try registry.exportWholeIndex()
    _ = try registry.rewriteGenerated()
    #expect(try FileBlob(path).bytes() == bytes)
    let entry = try #require(try log.entries().first { $0.hash == name.hash })
    #expect(try log.json(of: entry)["more"] == .object(["b": .integer(1)]))
  }

  @Test("a state that was kept folds around them too")
  func kept() throws {
    for number in 0..<20 {
      try later.append("verdict", to: "churn", ["details": .object(["n": .integer(Int64(number))])])
    }
    let state = try registry.state(churn)
    #expect(try registry.state(churn) == state && state.events.values.first?.count == 21)
    let file = registry.root.pushing("cache/state/churn.state")
    let text = String(decoding: try FileBlob(file).bytes(), as: UTF8.self)
    #expect(text.hasPrefix("opz state 7 \(RegistryFormat.fingerprint)\t"))
  }

  @Test("the text of a kind is bounded and plain", arguments: ["", "Packaged", "-a", "a b", "a\u{1B}[2J", "ä"])
  func names(_ kind: String) async throws {
    try later.append(kind, to: "churn")
    #expect(throws: (any Error).self) { try registry.state(churn) }
    #expect(try await registry.fsck().problems.contains { $0.subject.hasPrefix("models/churn/events/00000002-") })
    #expect(Event.Kind(rawValue: String(repeating: "a", count: 64)) == nil)
  }

  @Test("a collection keeps what an event of an unknown kind names, and what unknown settings name")
  func blobs() throws {
    func put(_ text: String) throws -> Descriptor { try registry.store.put(Array(text.utf8), MediaType("text/plain")) }
    let (statement, profile, stray) = (try put("select 1"), try put("profile"), try put("stray"))
    try later.append(
      "installed", to: "churn",
      ["details": .object(["deep": .array([.object(["statement": try JSONValue(encoding: statement)])])])])
    var settings = try JSONValue(encoding: VersionSettings(version().record)).object ?? [:]
    settings["monitor"] = .object(["profile": try JSONValue(encoding: profile)])
    try later.append("configured", to: "churn", ["details": .object(["settings": .object(settings)])])
    var options = Registry.CollectionOptions()
    options.grace = -1
    let report = try registry.collect(options, by: Author(actor: "t", at: Timestamp(milliseconds: 9_000_000_000_000)))
    #expect(report.dropped.map(\.digest) == [stray.digest])
    #expect(try registry.store.has(statement) && registry.store.has(profile))
  }

  @Test("what must not be passed over refuses its model, and no other; a collection then removes nothing")
  func criticalEvent() async throws {
    try fixture.add("fraud", "1.0.0", content: "f")
    let stray = try registry.store.put(Array("stray".utf8), MediaType("text/plain"))
    try later.append("retired", to: "churn", ["format": .integer(2), "critical": .array([.string("retirement")])])
    let error = #expect(throws: RegistryError.self) { try registry.state(churn) }
    #expect(error?.code == .unknownFormat && error?.reason.contains("\"retirement\"") == true)
    #expect(error?.hint == "use a newer opz")
    #expect(throws: RegistryError.self) { try fixture.add("churn", "1.1.0", content: "b") }
    #expect(try version("fraud").version.description == "1.0.0")
    var options = Registry.CollectionOptions()
    options.grace = -1
    #expect(throws: RegistryError.self) { try registry.collect(options, by: author) }
    #expect(try registry.store.has(stray))
    let report = try await registry.fsck()
    #expect(report.problems.count == 1 && report.problems[0].reason.contains("\"retirement\""))
    #expect(report.versions == 1)
  }

  @Test("a record with unknown members and an unknown runtime is kept to the byte; one that needs a feature is refused")
  func records() async throws {
    var record = try fixture.record("churn", "1.1.0", content: "b")
    record.runtime.kind = "wasm"
    let bytes = try later.record(record)
    try later.pull(bytes, record)
    let found = try version("churn@1.1.0")
    #expect(found.bytes == bytes && found.record.runtime.kind == "wasm")
    #expect(try FileBlob(registry.directory(churn, found.version).appending("version.json")).bytes() == bytes)
    let error = #expect(throws: RegistryError.self) { try found.record.requireKnownRuntime() }
    #expect(error?.reason.contains("\"wasm\"") == true && error?.hint == "use a newer opz")
    #expect(try await registry.search(churn, where: VersionQuery(parsing: "runtime = \"wasm\"")).count == 1)
    #expect(try await registry.fsck().problems == [])
    // What the artifact carries is taken over elsewhere as it is.
    let other = try RegistryFixture()
    _ = try ChildProcess.run(["cp", "-rn", registry.root.appending("blobs").string, other.registry.root.string])
    try LaterOpz(registry: other.registry).pull(bytes, record)
    #expect(try other.registry.find(LocalReference(parsing: "churn")).bytes == bytes)

    let needy = try fixture.record("churn", "1.2.0", content: "c")
    let refused = try later.record(needy) {
      $0["format"] = .integer(2)
      $0["critical"] = .array([.string("sealed-layers")])
    }
    let refusal = #expect(throws: RegistryError.self) { try later.pull(refused, needy) }
    #expect(refusal?.code == .unknownFormat && refusal?.reason.contains("\"sealed-layers\"") == true)
  }

  @Test("a registry that needs a feature, or has a later format, is not opened", arguments: [false, true])
  func marker(_ hasLaterFormat: Bool) throws {
    let text = hasLaterFormat ? #"{"format": 3}"# : #"{"format": 2, "critical": ["shards"]}"#
    try Durable.replace(registry.root.appending("registry.json"), with: Array(text.utf8))
    let error = #expect(throws: RegistryError.self) { try Registry.open(registry.root) }
    #expect(error?.code == .unknownFormat && error?.hint == "use a newer opz")
    #expect(error?.reason.contains(hasLaterFormat ? "format 3, this opz reads 1 and 2" : "\"shards\"") == true)
  }

  /// The reader of format 1 took the number alone.
  @Test("a reader of format 1 reads the format of what is made now, so it can say what to do")
  func earlierReader() throws {
    struct Marker: Decodable { var format: Int }
    let bytes = try FileBlob(registry.root.appending("registry.json")).bytes()
    #expect(try JSONDecoding.decode(Marker.self, from: bytes).format == 2 && registry.format == 2)
  }
}

@Suite("A registry of format 1")
struct UpgradeTests {
  let fixture: RegistryFixture
  let registry: Registry
  let churn: ModelName
  let author = Author(actor: "t")

  init() throws {
    let made = try RegistryFixture()
    try Durable.replace(made.registry.root.appending("registry.json"), with: Array("{\n  \"format\": 1\n}\n".utf8))
    registry = try Registry.open(made.registry.root)
    fixture = RegistryFixture(directory: made.directory, registry: registry)
    churn = try ModelName("churn")
    try fixture.add("churn", "1.0.0", content: "a")
  }

  private var marker: String {
    get throws { String(decoding: try FileBlob(registry.root.appending("registry.json")).bytes(), as: UTF8.self) }
  }

  @Test("it stays what it is until it is upgraded, and says so where format 2 is needed")
  func asked() throws {
    try fixture.add("churn", "1.1.0", content: "b")
    let version = try registry.find(LocalReference(parsing: "churn@1.0.0"))
    let error = #expect(throws: RegistryError.self) {
      try registry.note(.unknown("installed"), version, by: author, details: [:])
    }
    #expect(error?.category == .conflict && error?.hint?.hasPrefix("opz registry upgrade") == true)
    #expect(try Registry.create(registry.root).format == 1 && marker.contains("1"))
    #expect(try registry.changeFormat(to: 2, isDryRun: true).isChange && marker.contains("1"))
    let change = try registry.changeFormat(to: 2)
    #expect(change.from == 1 && change.to == 2 && change.models == 1 && change.events == 2 && change.obstacles == [])
    #expect(try marker == "{\n  \"format\": 2\n}\n")
    #expect(try !registry.changeFormat(to: 2).isChange)
    // A writer that opened it before writes on.
    try registry.note(.unknown("installed"), version, by: author, details: [:])
    #expect(try Registry.open(registry.root).state(churn).events.values.map(\.count).sorted() == [1, 2])
  }

  @Test("the way back is open until something of format 2 is there, which is named")
  func revert() async throws {
    let before = try marker
    try registry.changeFormat(to: 2)
    try fixture.add("churn", "1.1.0", content: "b")
    try registry.changeFormat(to: 1)
    #expect(try marker == before)
    #expect(try await Registry.open(registry.root).fsck().problems == [])
    try registry.changeFormat(to: 2)
    let upgraded = try Registry.open(registry.root)
    let record = try fixture.record("churn", "1.2.0", content: "c")
    let bytes = try LaterOpz(registry: upgraded).record(record)
    try LaterOpz(registry: upgraded).pull(bytes, record)
    #expect(try upgraded.changeFormat(to: 1, isDryRun: true).obstacles == [], "members are passed over by format 1 too")
    try LaterOpz(registry: upgraded).append("installed", to: "churn")
    let found = try upgraded.changeFormat(to: 1, isDryRun: true).obstacles
    #expect(found.count == 1 && found[0].hasPrefix("models/churn/events/00000004-"))
    let error = #expect(throws: RegistryError.self) { try upgraded.changeFormat(to: 1) }
    #expect(error?.category == .conflict && error?.reason.contains("installed") == true)
    #expect(try marker == "{\n  \"format\": 2\n}\n")
  }

  @Test("records and a marker that need format 2 are in the way back too", arguments: [false, true])
  func obstacles(_ isMarker: Bool) throws {
    try registry.changeFormat(to: 2)
    if isMarker {
      try Durable.replace(
        registry.root.appending("registry.json"), with: Array(#"{"format": 2, "critical": [], "more": 1}"#.utf8))
    } else {
      let path = registry.directory(churn, SemanticVersion(major: 1, minor: 0, patch: 0)).appending("version.json")
      let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
      try Durable.replace(path, with: Array(text.replacing("\"format\": 1", with: "\"format\": 2").utf8))
    }
    let found = try registry.changeFormat(to: 1, isDryRun: true).obstacles
    #expect(found.count == 1 && found[0].hasPrefix(isMarker ? "registry.json" : "models/churn/versions/1.0.0/"))
  }

  @Test("events of format 2 in it, as after a merge by hand, are refused with the way out, and the upgrade takes it")
  func foreignEvents() async throws {
    try LaterOpz(registry: registry).append("installed", to: "churn")
    let error = #expect(throws: RegistryError.self) { try registry.state(churn) }
    #expect(error?.code == .unknownFormat && error?.hint?.hasPrefix("opz registry upgrade") == true)
    #expect(try await registry.fsck().problems.count == 1)
    try registry.changeFormat(to: 2)
    #expect(try await Registry.open(registry.root).fsck().problems == [])
  }

  @Test("what an upgrade left that was killed is a whole registry of the one format or the other")
  func remains() async throws {
    for rest in ["", "{", "{\n  \"format\": 2\n}\n"] {
      let temporary = registry.root.appending("\(Durable.temporaryPrefix)1")
      try Durable.replace(temporary, with: Array(rest.utf8))
      let found = try Registry.open(registry.root)
      let problems = try await found.fsck().problems
      #expect(found.format == 1 && problems == [])
    }
    try registry.changeFormat(to: 2)
    #expect(try await Registry.open(registry.root).fsck().problems == [])
    #expect(try FileStatus.find(registry.root.appending("\(Durable.temporaryPrefix)1")) != nil)
    var options = Registry.CollectionOptions()
    options.grace = -1
    let later = Author(actor: "t", at: Timestamp(milliseconds: 9_000_000_000_000))
    #expect(try Registry.open(registry.root).collect(options, by: later).temporary == 1)
  }

  @Test("writers go on while it changes back and forth, and nothing of theirs is lost")
  func writers() async throws {
    let (registry, fixture, churn) = (registry, fixture, churn)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for round in 1...4 {
            try await blocking {
              _ = try fixture.add("churn", "\(writer + 2).\(round).0", content: "\(writer) \(round)")
            }
          }
        }
      }
      group.addTask {
        for format in [2, 1, 2, 1, 2] { try await blocking { _ = try registry.changeFormat(to: format) } }
      }
      try await group.waitForAll()
    }
    let found = try Registry.open(registry.root)
    #expect(try found.format == 2 && found.versions(churn).count == 17)
    #expect(try await found.fsck().problems == [])
  }

  @Test("a writer of format 2 looks at the format under the lock: after the way back it writes nothing")
  func late() throws {
    try registry.changeFormat(to: 2)
    let writer = try Registry.open(registry.root)
    let version = try writer.find(LocalReference(parsing: "churn@1.0.0"))
    try registry.changeFormat(to: 1)
    #expect(throws: RegistryError.self) {
      try writer.note(.unknown("installed"), version, by: author, details: [:])
    }
    #expect(try registry.log(churn).names().count == 1)
  }
}

extension GitClones {
  func marker(_ registry: Registry) throws -> String {
    String(decoding: try FileBlob(registry.root.appending("registry.json")).bytes(), as: UTF8.self)
  }
}

@Suite("Clones of both formats that merge")
struct FormatMergeTests {
  private func clones() throws -> GitClones {
    try GitClones {
      try $0.add("churn", "1.0.0", content: "a")
      try $0.registry.changeFormat(to: 1)
    }
  }

  @Test("the merged one has format 2, wherever it was upgraded, with the events of both", arguments: [true, false])
  func oneSide(_ isOurs: Bool) async throws {
    let clones = try clones()
    let upgraded = isOurs ? clones.ours : clones.theirs
    try upgraded.changeFormat(to: 2)
    try LaterOpz(registry: Registry.open(upgraded.root)).append("installed", to: "churn")
    let other = isOurs ? clones.theirs : clones.ours
    try RegistryFixture(directory: clones.fixture.directory, registry: other).add("churn", "1.1.0", content: "b")
    #expect(try clones.merge() == 0)
    let merged = try Registry.open(clones.ours.root)
    #expect(merged.format == 2)
    #expect(try merged.versions(ModelName("churn")).map(\.description) == ["1.0.0", "1.1.0"])
    let report = try await merged.fsck()
    #expect(report.problems == [] && report.unknown == ["installed": 1])
  }

  @Test("both upgraded: the marker is the same file, so nothing conflicts")
  func bothSides() throws {
    let clones = try clones()
    for registry in [clones.ours, clones.theirs] { try registry.changeFormat(to: 2) }
    #expect(try clones.merge() == 0)
    #expect(try Registry.open(clones.ours.root).format == 2)
  }
}
