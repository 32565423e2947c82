import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

@Suite("Attachments of a version")
struct AttachmentTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }
  let type = MediaType("application/vnd.example+json")

  init() throws {
    fixture = try RegistryFixture()
    try fixture.add("crm/churn", "1.0.0", content: "one")
    try fixture.add("crm/churn", "2.0.0", content: "two")
  }

  func find(_ version: String, in other: Registry? = nil) throws -> Registry.Version {
    try (other ?? registry).find(LocalReference(parsing: "crm/churn@\(version)"))
  }

  func attached(_ version: String) throws -> [Digest] {
    let version = try find(version)
    return try registry.state(version.name).attachments(of: version).map(\.descriptor.digest)
  }

  @discardableResult
  func attach(_ text: String, to version: String = "1.0.0", annotations: [String: String] = [:]) throws -> Descriptor {
    try registry.attach(
      Array(text.utf8), type, to: find(version), annotations: annotations, by: Author(actor: "ann\tx"))
  }

  @Test("an attachment is one event and belongs to one version")
  func attaches() async throws {
    let first = try attach("a", annotations: ["k": "v\tw"])
    let second = try attach("b")
    #expect(try attach("a", annotations: ["k": "v\tw"]) == first)
    #expect(try attached("1.0.0") == [first.digest, second.digest] && attached("2.0.0") == [])
    let events = try registry.log(ModelName("crm/churn")).entries().map(\.event)
    #expect(events.map(\.kind) == [.packaged, .packaged, .attached, .attached])
    #expect(events[2].details["attachment"] == (try JSONValue(encoding: first)))
    #expect(first.artifactType == type && first.annotations == ["k": "v\tw"])
    let manifest = try await registry.store.manifest(first)
    #expect(try manifest.content.subject?.digest == find("1.0.0").record.image.digest)
    #expect(try await registry.fsck().problems == [])
  }

  /// Where an attachment came from, from what is least to what is most: an event that does not say, a pull, a command here, a scan here.
  static let sources: [ModelState.Attachment.Source?] = [nil, .pull, .here, .scan]

  @Test(
    "attached once more, its source is raised and never lowered, and only then there is an event",
    arguments: sources, sources)
  func source(_ first: ModelState.Attachment.Source?, _ second: ModelState.Attachment.Source?) async throws {
    func rank(_ source: ModelState.Attachment.Source?) -> Int {
      source == nil || source == .pull ? 0 : source == .here ? 1 : 2
    }
    func attach(_ source: ModelState.Attachment.Source?, by actor: String) throws -> Descriptor {
      try registry.attach(Array("a".utf8), type, to: find("1.0.0"), from: source, by: Author(actor: actor))
    }
    let name = try ModelName("crm/churn")
    let before = try registry.log(name).entries().count
    let descriptor = try attach(first, by: "ann")
    #expect(try attach(second, by: "bob") == descriptor)
    let isRaised = rank(second) > rank(first)
    func check() throws {
      let found = try registry.state(name).attachments(of: find("1.0.0"))
      #expect(found.map(\.descriptor.digest) == [descriptor.digest])
      #expect(found.map(\.source) == [isRaised ? second : first] && found.map(\.actor) == [isRaised ? "bob" : "ann"])
    }
    try check()
    #expect(try registry.log(name).entries().count == before + (isRaised ? 2 : 1))
    // The same from the events alone, and after all of them once more.
    try Durable.removeTree(registry.root.appending("cache"))
    try check()
    for source in Self.sources { _ = try attach(source, by: "eve") }
    #expect(try registry.state(name).attachments(of: find("1.0.0")).map(\.source) == [.scan])
    // Another version's is another matter.
    #expect(try registry.state(name).attachments(of: find("2.0.0")) == [])
    #expect(try await registry.fsck().problems == [])
  }

  @Test("the cached state has the same attachments as the events")
  func cache() throws {
    for number in 0..<20 { try attach("\(number)", annotations: ["n%": "\(number)\n"]) }
    let name = try ModelName("crm/churn")
    let cached = try registry.state(name)
    #expect(try FileStatus.find(registry.root.appending("cache/state/crm%2Fchurn.state")) != nil)
    #expect(try registry.state(name) == cached)
    try Durable.removeTree(registry.root.appending("cache"))
    #expect(try registry.state(name) == cached)
    #expect(cached.attachments.values.first?.count == 20)
  }

  @Test("garbage collection keeps them, and removes those of a deleted version")
  func collection() async throws {
    let kept = try attach("kept")
    let gone = try attach("gone", to: "2.0.0")
    var options = Registry.CollectionOptions()
    options.grace = -1
    _ = try registry.collect(options, by: Author(actor: "t"))
    #expect(try registry.store.has(kept) && registry.store.has(gone))
    try registry.delete(try ModelName("crm/churn"), SemanticVersion("2.0.0")!, by: Author(actor: "t"))
    _ = try registry.collect(options, by: Author(actor: "t"))
    #expect(try registry.store.has(kept) && !registry.store.has(gone))
    #expect(try await registry.fsck().problems == [])
  }

  @Test("an audit names one that is missing, corrupt, or without its content", arguments: [false, true])
  func audit(_ quick: Bool) async throws {
    let attachment = try attach("content")
    let manifest = registry.store.path(of: attachment.digest)
    let content = registry.store.path(of: .of(Array("content".utf8)))
    let bytes = try FileBlob(manifest).bytes()
    try Durable.remove(manifest)
    let missing = try await registry.fsck(Registry.FsckOptions(quick: quick))
    #expect(missing.problems.contains { $0.reason.contains("\(attachment.digest)") })
    try Durable.replace(manifest, with: bytes)
    if quick { return }
    try fixture.damage(content)
    #expect(!(try await registry.fsck().problems.isEmpty))
    try Durable.remove(content)
    #expect(!(try await registry.fsck().problems.isEmpty))
  }

  @Test("an event that attaches another image's artifact does not count, and an audit names it")
  func forged() async throws {
    let other = try attach("of two", to: "2.0.0")
    let one = try find("1.0.0")
    try registry.note(.attached, one, by: Author(actor: "x"), details: ["attachment": try JSONValue(encoding: other)])
    let problems = try await registry.fsck().problems
    #expect(problems.contains { $0.reason.contains("belongs to another image") })
    let manifest = try await registry.store.manifest(other)
    #expect(throws: RegistryError.self) { try registry.attach(manifest, to: one, by: Author(actor: "x")) }
  }

  @Test("nothing is attached if its content is missing")
  func incomplete() throws {
    let one = try find("1.0.0")
    let manifest = try Manifest(
      Manifest.Content(
        artifactType: type, config: .emptyConfig, layers: [.of(Array("nowhere".utf8), type)], subject: one.record.image)
    )
    #expect(throws: RegistryError.self) { try registry.attach(manifest, to: one, by: Author(actor: "x")) }
    #expect(try attached("1.0.0") == [])
  }

  @Test("two clones that attach the same and different artifacts agree after a merge")
  func merge() throws {
    let clone = fixture.directory.path.appending("clone")
    _ = try ChildProcess.run(["cp", "-r", registry.root.string, clone.string])
    let other = try Registry.open(clone)
    for place in [registry, other] {
      try place.attach(Array("same".utf8), type, to: find("1.0.0", in: place), by: Author(actor: "a"))
    }
    try other.attach(Array("theirs".utf8), type, to: find("1.0.0", in: other), by: Author(actor: "b"))
    try attach("ours")
    for (from, to) in [(registry, other), (other, registry)] {
      for part in ["events", "heads"] {
        let place = "models/crm/churn/\(part)"
        _ = try ChildProcess.run([
          "cp", "-rn", from.root.appending(place).string + "/.", to.root.appending(place).string,
        ])
      }
    }
    let name = try ModelName("crm/churn")
    #expect(try registry.state(name) == other.state(name))
    #expect(try attached("1.0.0").count == 3)
  }
}
