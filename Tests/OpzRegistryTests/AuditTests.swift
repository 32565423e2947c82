import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

@Suite("An audit of a changed registry")
struct AuditTests {
  /// A registry with versions, aliases that moved, a deleted version, tags and a card.
  static func make() throws -> RegistryFixture {
    let fixture = try RegistryFixture()
    let author = Author(actor: "t")
    for version in ["1.0.0", "1.1.0", "1.2.0"] { try fixture.add("churn", version, content: version) }
    func version(_ text: String) throws -> Registry.Version {
      try fixture.registry.find(LocalReference(parsing: "churn@\(text)"))
    }
    let production = AliasName("production")!
    for text in ["1.0.0", "1.2.0"] { try fixture.registry.set(production, to: try version(text), by: author) }
    try fixture.registry.tag(try version("1.2.0"), ["reviewed": "yes"], by: author)
    try fixture.registry.describe(try version("1.2.0"), Array("# Card\n".utf8), by: author)
    try fixture.registry.delete(ModelName("churn"), SemanticVersion(major: 1, minor: 1, patch: 0), by: author)
    return fixture
  }

  static func files(_ directory: FilePath) throws -> [FilePath] {
    try Directory.entries(directory).flatMap { entry -> [FilePath] in
      let path = directory.appending(entry)
      switch try FileStatus.of(path, followLinks: false).kind {
      case .directory: return try files(path)
      case .file: return [path]
      default: return []
      }
    }
  }

  /// Files with the registry's data: records, events, heads, blobs. Not locks, caches or the files of git.
  static func known(_ fixture: RegistryFixture) throws -> [FilePath] {
    try files(fixture.registry.root).filter { path in
      let name = path.lastComponent?.string ?? ""
      let isGit = name == ".gitignore" || name == ".gitattributes"
      return name != "lock" && !isGit && !path.string.contains("/cache/") && !path.string.contains("/versions/1.1.0/")
    }
  }

  @Test("unchanged, it is clean in a full and in a quick audit")
  func clean() async throws {
    let fixture = try Self.make()
    #expect(try await fixture.registry.fsck().problems == [])
    #expect(try await fixture.registry.fsck(.init(quick: true)).problems == [])
  }

  @Test("each file with a changed byte is named")
  func mutated() async throws {
    let fixture = try Self.make()
    var seen = 0
    for path in try Self.known(fixture) {
      let before = try FileBlob(path).bytes()
      guard !before.isEmpty, path.lastComponent != "registry.json",
        path.lastComponent != "oci-layout" || path.string.contains("versions")
      else { continue }
      seen += 1
      var bytes = before
      bytes[bytes.count / 2] ^= 1
      try Durable.replace(path, with: bytes)
      let problems = try? await fixture.registry.fsck().problems
      #expect(problems?.isEmpty != true, "\(path)")
      try Durable.replace(path, with: before, mode: 0o444)
    }
    #expect(seen > 20)
    #expect(try await fixture.registry.fsck().problems == [])
  }

  @Test("each removed event, head, record and blob is named")
  func removed() async throws {
    let fixture = try Self.make()
    let state = try fixture.registry.state(ModelName("churn"))
    let gone = state.versions[SemanticVersion(major: 1, minor: 1, patch: 0)]!.first!
    // The blobs of the deleted version may be missing, because garbage collection removes them.
    let manifest = try fixture.registry.children(of: gone.artifact).map(\.digest)
    let image = try fixture.registry.children(
      of: Descriptor(mediaType: .imageManifest, digest: gone.image, size: 0).sized(fixture)
    ).map(\.digest)
    let loose = Set((manifest + image + [gone.artifact.digest, gone.image]).map(\.hex))
    let empty = Descriptor.of(Array("{}".utf8), .empty).digest.hex
    for path in try Self.known(fixture) {
      let name = path.lastComponent?.string ?? ""
      if ["index.json", "oci-layout", "registry.json"].contains(name) { continue }
      if loose.contains(name), name != empty { continue }
      let bytes = try FileBlob(path).bytes()
      try Durable.remove(path)
      let report = try await fixture.registry.fsck(.init(quick: true))
      #expect(!report.problems.isEmpty, "\(path)")
      try Durable.replace(path, with: bytes, mode: 0o444)
    }
    #expect(try await fixture.registry.fsck().problems == [])
  }

  @Test("two swapped events or records are named")
  func swapped() async throws {
    let fixture = try Self.make()
    let events = try Self.files(fixture.registry.root.appending("models/churn/events"))
    for (one, other) in zip(events, events.dropFirst()) {
      let (first, second) = (try FileBlob(one).bytes(), try FileBlob(other).bytes())
      try Durable.replace(one, with: second)
      try Durable.replace(other, with: first)
      #expect(try await fixture.registry.fsck(.init(quick: true)).problems.isEmpty == false)
      try Durable.replace(one, with: first)
      try Durable.replace(other, with: second)
    }
    let records = ["1.0.0", "1.2.0"].map { fixture.registry.root.appending("models/churn/versions/\($0)/version.json") }
    let bytes = try records.map { try FileBlob($0).bytes() }
    for (path, other) in zip(records, bytes.reversed()) { try Durable.replace(path, with: other) }
    let subjects = try await fixture.registry.fsck(.init(quick: true)).problems.map(\.subject)
    #expect(Set(subjects).isSuperset(of: ["churn@1.0.0", "churn@1.2.0"]))
  }

  @Test("an event under another number, or of another model, is named")
  func renumbered() async throws {
    let fixture = try Self.make()
    try fixture.add("fraud", "1.0.0", content: "x")
    let log = fixture.registry.log(try ModelName("churn"))
    for entry in try log.entries() {
      let old = try #require(EventLog.Name(stem: Array("\(entry.event.number)-\(entry.hash)".utf8)[...]))
      let new = EventLog.Name(number: entry.event.number + 1, digest: old.digest)
      try move(log.events.appending(old.file), log.events.appending(new.file))
      #expect(try await fixture.registry.fsck(.init(quick: true)).problems.isEmpty == false, "\(old.file)")
      try move(log.events.appending(new.file), log.events.appending(old.file))
    }
    let foreign = try #require(try fixture.registry.log(ModelName("fraud")).names().first)
    let bytes = try FileBlob(fixture.registry.log(ModelName("fraud")).events.appending(foreign.file)).bytes()
    try Durable.replace(log.events.appending(foreign.file), with: bytes)
    let problems = try await fixture.registry.fsck(.init(quick: true)).problems
    #expect(problems.contains { $0.subject.contains(foreign.hash) && $0.reason.contains("fraud") })
  }

  @Test("a history that was reset to an earlier state is detected with the hash of a later event")
  func rolledBack() async throws {
    let fixture = try Self.make()
    let (old, new) = (fixture.registry.root, fixture.directory.path.appending("copy"))
    _ = try ChildProcess.run(["cp", "-a", old.string, new.string])
    let heads = { try fixture.registry.log(ModelName("churn")).currentHeads() }
    let earlier = try heads()
    try fixture.add("churn", "1.3.0", content: "later")
    let later = try heads()
    #expect(try await fixture.registry.fsck(.init(quick: true, expected: earlier + later)).problems == [])
    let copy = try Registry.open(new)
    #expect(try await copy.fsck(.init(quick: true, expected: earlier)).problems == [])
    #expect(try await copy.fsck(.init(quick: true, expected: later)).problems.map(\.subject) == later)
  }

  @Test("missing or wrong generated files are rewritten")
  func repair() async throws {
    let fixture = try Self.make()
    let place = fixture.registry.root.appending("models/churn/versions/1.2.0")
    try Durable.replace(place.appending("index.json"), with: Array("{}".utf8))
    try Durable.replace(place.appending("version.json"), with: Array("{}".utf8))
    #expect(try await fixture.registry.fsck().problems.isEmpty == false)
    #expect(try fixture.registry.rewriteGenerated() == 2)
    #expect(try await fixture.registry.fsck().problems == [])
    #expect(try fixture.registry.rewriteGenerated() == 0)
  }

  private func move(_ from: FilePath, _ to: FilePath) throws {
    let bytes = try FileBlob(from).bytes()
    try Durable.replace(to, with: bytes)
    try Durable.remove(from)
  }
}

extension Descriptor {
  /// The descriptor, with the size of the file in the store.
  fileprivate func sized(_ fixture: RegistryFixture) throws -> Descriptor {
    let size = try FileStatus.of(fixture.registry.store.path(of: digest)).size
    return Descriptor(mediaType: mediaType, digest: digest, size: size)
  }
}
