import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A registry may come from a clone: nothing in it may crash the program, make it hang, or make it write elsewhere.
@Suite("A registry from a stranger")
struct HostileRegistryTests {
  let fixture: RegistryFixture
  let churn: ModelName
  let author = Author(actor: "t")

  init() throws {
    fixture = try RegistryFixture()
    churn = try ModelName("churn")
    try fixture.add("churn", "1.0.0", content: "one")
  }

  private var model: FilePath { fixture.registry.directory(churn) }

  private func link(_ path: FilePath, to target: String) throws {
    try #require(path.withPlatformString { symlink(target, $0) } == 0)
  }

  private func pipe(_ path: FilePath) throws {
    try Durable.remove(path)
    try #require(path.withPlatformString { mkfifo($0, 0o600) } == 0)
  }

  @Test("an event with the largest possible number is named, and nothing is written after it")
  func lastNumber() async throws {
    let last = 1 << 53
    let version = try fixture.registry.find(LocalReference(parsing: "churn@1.0.0"))
    let event = Event(
      kind: .tagged, model: "churn", version: "1.0.0", at: "2026-01-01T00:00:00.000Z", actor: "x", number: last,
      heads: try fixture.registry.log(churn).currentHeads(), image: version.record.image.digest)
    let bytes = try CanonicalJSON.encodePretty(event)
    _ = try Durable.createExclusively(
      model.appending("events").appending("\(last)-\(Digest.of(bytes).hex).json"), with: bytes)
    let error = #expect(throws: RegistryError.self) {
      try fixture.registry.set(AliasName("production")!, to: version, by: author)
    }
    #expect(error?.description.contains("\(last)") == true)
    #expect(try await fixture.registry.fsck().problems.contains { $0.subject.contains("\(last)-") })
  }

  @Test(
    "an invalid number does not count as an event and does not crash the program",
    arguments: [
      "9007199254740993", "9223372036854775807", "9223372036854775808", "99999999999999999999", "0", "-1", "",
    ])
  func numbers(_ number: String) async throws {
    let name = "\(number)-\(String(repeating: "ab", count: 32)).json"
    _ = try Durable.createExclusively(model.appending("events").appending(name), with: Array("{}".utf8))
    try fixture.add("churn", "1.1.0", content: "two")
    let problems = try await fixture.registry.fsck().problems
    #expect(problems.map(\.subject) == ["models/churn/events/\(name)"])
  }

  @Test(
    "a link in the place of a version to be written is not followed",
    arguments: ["versions/1.1.0", "versions", "events", "heads", ""])
  func links(_ place: String) throws {
    let outside = fixture.directory.path.appending("outside")
    try Durable.makeDirectory(outside)
    let path = place.isEmpty ? model : model.pushing(FilePath(place))
    let moved = fixture.directory.path.appending("moved")
    if (try? FileStatus.of(path)) != nil {
      try #require(path.withPlatformString { from in moved.withPlatformString { rename(from, $0) } } == 0)
    }
    try link(path, to: outside.string)
    #expect(throws: RegistryError.self) { try fixture.add("churn", "1.1.0", content: "two") }
    #expect(try Directory.entries(outside).isEmpty)
  }

  @Test("a link in the place of a lock is not followed")
  func lockLink() throws {
    let target = fixture.directory.path.appending("target")
    try Durable.remove(model.appending("lock"))
    try link(model.appending("lock"), to: target.string)
    #expect(throws: IOFailure.self) { try fixture.add("churn", "1.1.0", content: "two") }
    #expect(try FileStatus.find(target) == nil)
  }

  @Test("circular links, and directories that no model can have, are named and not followed")
  func circles() async throws {
    let models = fixture.registry.root.appending("models")
    for name in ["a", "b", "churn/c"] { try link(models.pushing(FilePath(name)), to: ".") }
    try Durable.makeDirectory(models.appending("Upper").appending("events"))
    #expect(try fixture.registry.models() == [churn])
    let problems = try await fixture.registry.fsck().problems
    #expect(problems.map(\.subject).sorted() == ["models/Upper", "models/a", "models/b", "models/churn/c"])
  }

  @Test(
    "a pipe in the place of a file is named, and reading it does not block",
    arguments: ["event", "record", "blob", "marker", "state"])
  func pipes(_ what: String) async throws {
    let version = try fixture.registry.find(LocalReference(parsing: "churn@1.0.0"))
    switch what {
    case "event":
      let events = model.appending("events")
      try pipe(events.appending(try Directory.entries(events)[0]))
    case "record": try pipe(model.pushing("versions/1.0.0/version.json"))
    case "blob": try pipe(fixture.registry.store.path(of: version.record.image.digest))
    case "state":
      try Durable.makeDirectory(fixture.registry.root.pushing("cache/state"))
      try pipe(fixture.registry.root.pushing("cache/state/churn.state"))
    default:
      try pipe(fixture.registry.root.appending("registry.json"))
      #expect(throws: IOFailure.self) { try Registry.open(fixture.registry.root) }
      return
    }
    for isQuick in [false, true] {
      let problems = try await fixture.registry.fsck(.init(quick: isQuick)).problems
      #expect(problems.isEmpty == (what == "state"), "\(problems)")
    }
  }

  @Test("a document that is too large is refused before it is read")
  func large() throws {
    let digest = Digest.of(Array("x".utf8))
    let path = fixture.registry.store.path(of: digest)
    _ = try Durable.createExclusively(path, with: [])
    // A sparse file, which only claims to be this large.
    try #require(path.withPlatformString { truncate($0, 1 << 40) } == 0)
    let descriptor = Descriptor(mediaType: .imageManifest, digest: digest, size: 1 << 40)
    #expect(try fixture.registry.store.has(descriptor))
    let error = #expect(throws: StoreError.self) { try fixture.registry.children(of: descriptor) }
    #expect(error?.description.contains("the limit is") == true)
  }

  @Test("extreme ages and counts do not crash a collection", arguments: [Int.min, -1, 0, .max])
  func ages(_ number: Int) throws {
    var options = Registry.CollectionOptions()
    options.isDryRun = true
    options.grace = Int64(number)
    options.rules = RetentionRules(last: number, days: number)
    #expect(try fixture.registry.collect(options, by: author).versions.count == 1)
  }

  @Test("the heads of a log are found even if their files are missing")
  func lostHeads() throws {
    for number in 1...40 { try fixture.add("churn", "1.\(number).0", content: "\(number)") }
    let heads = try fixture.registry.log(churn).currentHeads()
    #expect(heads.count == 1)
    try Durable.removeTree(model.appending("heads"))
    #expect(try fixture.registry.log(churn).currentHeads() == heads)
  }
}
