import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzRegistry

@Suite("Garbage collection")
struct CollectionTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }
  let author = Author(actor: "t", at: Timestamp(milliseconds: Timestamp.now().milliseconds + 60_000))

  init() throws {
    fixture = try RegistryFixture()
    for version in ["1.0.0", "1.1.0", "1.2.0", "1.3.0"] { try fixture.add("churn", version, content: version) }
  }

  func options(_ change: (inout Registry.CollectionOptions) -> Void = { _ in }) -> Registry.CollectionOptions {
    var options = Registry.CollectionOptions()
    options.grace = 0
    change(&options)
    return options
  }

  @Test("unreferenced blobs are removed when they are old enough, and nothing else is")
  func unnamed() async throws {
    try registry.store.put(Array("nobody's".utf8), MediaType("text/plain"))
    var young = options()
    young.grace = 3600
    #expect(try registry.collect(young, by: author).dropped.isEmpty)
    let rehearsal = try registry.collect(options { $0.isDryRun = true }, by: author)
    #expect(rehearsal.dropped.map(\.size) == [8])
    let report = try registry.collect(options(), by: author)
    #expect(report.dropped.map(\.digest) == rehearsal.dropped.map(\.digest) && report.freed == 8)
    #expect(try registry.collect(options(), by: author).dropped.isEmpty)
    #expect(try await registry.fsck().problems == [])
  }

  @Test("the blobs of a deleted version are removed, except those that another version shares")
  func deleted() async throws {
    let before = try registry.collect(options(), by: author).kept
    try registry.delete(ModelName("churn"), SemanticVersion(major: 1, minor: 1, patch: 0), by: author)
    let report = try registry.collect(options(), by: author)
    // Its config, manifest, record and artifact; all versions share the empty config.
    #expect(report.dropped.count == 4 && report.kept == before - 4)
    #expect(try await registry.fsck().problems == [])
    #expect(try registry.versions(ModelName("churn")).count == 3)
  }

  @Test("rules keep the newest versions, the tagged ones and those that an alias names or named, with the reason")
  func rules() async throws {
    try registry.set(
      AliasName("production")!, to: try registry.find(LocalReference(parsing: "churn@1.0.0")), by: author)
    let rules = RetentionRules(last: 1, tagged: false)
    let rehearsal = try registry.collect(options { ($0.rules, $0.isDryRun) = (rules, true) }, by: author)
    #expect(rehearsal.versions.map(\.keeps) == [true, false, false, true])
    #expect(rehearsal.versions[0].reason.contains("newest 1") && rehearsal.versions[3].reason.contains("production"))
    #expect(try registry.versions(ModelName("churn")).count == 4)
    let report = try registry.collect(options { $0.rules = rules }, by: author)
    #expect(report.dropped.count == rehearsal.dropped.count && report.dropped.count == 8)
    #expect(try registry.versions(ModelName("churn")).map(\.description) == ["1.0.0", "1.3.0"])
    #expect(try await registry.fsck().problems == [])
    // The records of the fixture have a tag.
    let tagged = try registry.collect(options { $0.rules = RetentionRules(last: 1) }, by: author)
    #expect(tagged.versions.map(\.keeps) == [true, true])
  }

  @Test("a collection that cannot read a version's documents removes nothing")
  func damaged() async throws {
    try registry.store.put(Array("nobody's".utf8), MediaType("text/plain"))
    let version = try registry.find(LocalReference(parsing: "churn@1.0.0"))
    try Durable.remove(registry.store.path(of: version.record.image.digest))
    #expect(throws: RegistryError.self) { try registry.collect(options(), by: author) }
    let blob = Descriptor.of(Array("nobody's".utf8), MediaType("text/plain"))
    #expect(try registry.store.has(blob))
  }

  @Test("temporary files of killed writers are removed when they are old enough, wherever they are")
  func temporary() throws {
    let places = ["", "models/churn/events/", "models/churn/versions/1.0.0/", "cache/state/", "blobs/sha256/"]
    try Durable.makeDirectory(registry.root.appending("cache/state"))
    for place in places {
      try Durable.replace(registry.root.appending("\(place).opz-tmp-1-00").lexicallyNormalized(), with: [])
    }
    var young = options()
    young.grace = 3600
    #expect(try registry.collect(young, by: author).temporary == 0)
    #expect(try registry.collect(options(), by: author).temporary == places.count)
    #expect(try registry.collect(options(), by: author).temporary == 0)
  }

  @Test("--pushed removes layers that are elsewhere, except those of a pinned runtime")
  func pinned() throws {
    let pinned = try registry.find(LocalReference(parsing: "churn@1.0.0")).record
    try registry.pin(pinned.image, for: .linuxAMD64)
    let other = try registry.find(LocalReference(parsing: "churn@1.1.0")).record
    let report = try registry.collect(options { $0.elsewhere = [pinned.content, other.content] }, by: author)
    #expect(report.dropped.map(\.digest) == [other.content])
  }

  @Test("a card is kept and removed with its version")
  func card() throws {
    let version = try registry.find(LocalReference(parsing: "churn@1.1.0"))
    try registry.describe(version, Array("# Churn\n".utf8), by: author)
    #expect(try registry.collect(options(), by: author).dropped.isEmpty)
    #expect(try registry.card(of: version) == "# Churn\n")
    try registry.delete(ModelName("churn"), SemanticVersion(major: 1, minor: 1, patch: 0), by: author)
    #expect(try registry.collect(options(), by: author).dropped.count == 5)
  }

  @Test("when writers and collections run at the same time, no recorded version loses a blob")
  func meanwhile() async throws {
    let (fixture, author, options) = (fixture, author, options())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<3 {
        group.addTask {
          for round in 0..<6 {
            // A collection may remove blobs of a version that is not recorded yet; it is then built again, as hinted.
            for attempt in 0..<50 {
              do {
                try await blocking { _ = try fixture.add("m\(writer)", "1.0.\(round)", content: "\(writer) \(round)") }
                break
              } catch  where attempt < 49 {}
            }
          }
        }
      }
      group.addTask { for _ in 0..<15 { try await blocking { _ = try fixture.registry.collect(options, by: author) } } }
      try await group.waitForAll()
    }
    for writer in 0..<3 { #expect(try registry.versions(ModelName("m\(writer)")).count == 6) }
    let problems = try await registry.fsck().problems
    #expect(problems == [])
  }

  @Test("an audit during writes and collections finds no problem", arguments: [true, false])
  func audits(isQuick: Bool) async throws {
    let (registry, fixture, author, options) = (registry, fixture, author, options())
    let version = try registry.find(LocalReference(parsing: "churn@1.1.0"))
    let auditing = Task {
      repeat {
        try await blocking { _ = try registry.collect(options, by: author) }
        let problems = try await registry.fsck(Registry.FsckOptions(quick: isQuick)).problems
        #expect(problems == [])
      } while !Task.isCancelled
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<3 {
        group.addTask {
          for round in 0..<30 {
            try await blocking { try registry.tag(version, ["w\(writer)": "\(round)"], by: author) }
            if round % 10 == 0 {
              try? await blocking {
                _ = try fixture.add("churn", "2.\(writer).\(round)", content: "\(writer) \(round)")
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    auditing.cancel()
    try await auditing.value
  }
}
