import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// A registry in its own directory, with functions to record small versions.
struct RegistryFixture {
  let directory: TemporaryDirectory
  let registry: Registry

  init() throws {
    directory = try TemporaryDirectory()
    registry = try Registry.create(directory.path.appending("registry"))
  }

  /// Another `Registry` value for the same directory.
  init(directory: TemporaryDirectory, registry: Registry) {
    self.directory = directory
    self.registry = registry
  }

  /// An image whose config holds `content`.
  func image(_ content: String) throws -> Image {
    var config = ImageConfig(platform: .linuxAMD64, created: "1970-01-01T00:00:00Z")
    config.author = content
    let bytes = try CanonicalJSON.encode(config)
    let manifest = try Manifest(Manifest.Content(config: .of(bytes, .imageConfig), layers: []))
    try registry.store.put(bytes, .imageConfig)
    try registry.store.put(manifest.raw, .imageManifest)
    return try Image(manifest: manifest, configBytes: bytes)
  }

  func record(_ name: String, _ version: String, content: String, tests: [VersionRecord.TestFile] = []) throws
    -> VersionRecord
  {
    let image = try image(content)
    return VersionRecord(
      name: name, version: version, created: "2026-01-01T00:00:00Z", tool: "test", image: image.manifest.descriptor,
      content: image.manifest.content.config.digest, runtime: .init(kind: "model"), platforms: ["linux/amd64"],
      layers: [],
      files: [], model: nil, lineage: Lineage(tags: ["team": "crm"]), deploy: nil, pushTo: nil, tests: tests)
  }

  @discardableResult
  func add(_ name: String, _ version: String, content: String) throws -> Registry.Outcome {
    let record = try record(name, version, content: content)
    let number = SemanticVersion(version)!
    return try registry.record(try ModelName(name), by: Author(actor: "tester")) { known in
      if let same = try known.find(content: record.content) { return .same(same) }
      return .new(record, number)
    }
  }

  /// Changes one byte of a file.
  func damage(_ path: FilePath) throws {
    var bytes = try FileBlob(path).bytes()
    bytes[bytes.count / 2] ^= 1
    try Durable.replace(path, with: bytes)
  }
}

@Suite("Registry")
struct RegistryTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }

  init() throws { fixture = try RegistryFixture() }

  @Test("a version is found by number, by digest and as the newest version")
  func find() throws {
    for (version, content) in [("1.0.0", "a"), ("1.10.0", "b"), ("1.9.0", "c"), ("2.0.0-rc.1", "d")] {
      try fixture.add("crm/churn", version, content: content)
    }
    #expect(try registry.models().map(\.description) == ["crm/churn"])
    #expect(
      try registry.versions(ModelName("crm/churn")).map(\.description) == ["1.0.0", "1.9.0", "1.10.0", "2.0.0-rc.1"])
    #expect(try registry.find(LocalReference(parsing: "crm/churn")).record.version == "1.10.0")
    let found = try registry.find(LocalReference(parsing: "crm/churn@1.9.0"))
    let byDigest = try registry.find(LocalReference(parsing: "crm/churn@\(found.record.image.digest)"))
    #expect(byDigest.record == found.record)
    for text in ["crm/churn@9.9.9", "other", "crm/churn@sha256:\(String(repeating: "0", count: 64))"] {
      let error = #expect(throws: RegistryError.self) { try registry.find(LocalReference(parsing: text)) }
      #expect(error?.category == .notFound)
      #expect(error?.hint != nil)
    }
  }

  @Test("the same content returns its version and adds an event")
  func same() throws {
    try fixture.add("churn", "1.0.0", content: "a")
    guard case .existed(let version) = try fixture.add("churn", "1.0.1", content: "a") else {
      Issue.record("a second version of the same content")
      return
    }
    #expect(version.version.description == "1.0.0")
    #expect(try registry.log(ModelName("churn")).entries().map(\.event.kind) == [.packaged, .repackaged])
  }

  @Test("events are linear: each names the previous one, and one head is left")
  func line() throws {
    for number in 1...5 { try fixture.add("churn", "1.0.\(number)", content: "\(number)") }
    let log = try registry.log(ModelName("churn"))
    let entries = try log.entries()
    #expect(entries.map(\.event.number) == [1, 2, 3, 4, 5])
    #expect(entries.dropFirst().map(\.event.heads) == entries.dropLast().map { [$0.hash] })
    #expect(try log.currentHeads() == [entries[4].hash])
  }

  @Test("many concurrent writers get different versions, all of them recorded")
  func writers() async throws {
    let (registry, fixture) = (registry, fixture)
    let name = try ModelName("churn")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          for round in 0..<3 {
            try await blocking {
              let record = try fixture.record("churn", "0.0.1", content: "\(writer) \(round)")
              _ = try registry.record(name, by: Author(actor: "writer \(writer)")) { known in
                let next = known.state.taken.last?.next(.patch) ?? SemanticVersion(major: 0, minor: 0, patch: 1)
                var own = record
                own.version = next.description
                return .new(own, next)
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try registry.versions(name).count == 24)
    #expect(try registry.log(name).currentHeads().count == 1)
    let report = try await registry.fsck()
    #expect(report.problems == [])
    #expect(report.versions == 24)
  }

  @Test("a claimed number without an event is free again; one with an event is not")
  func orphan() throws {
    let place = registry.root.appending("models/churn/versions/1.0.0")
    try Durable.makeDirectory(place)
    try Durable.replace(place.appending("version.json"), with: Array("half".utf8))
    #expect(try registry.models().isEmpty)
    try fixture.add("churn", "1.0.0", content: "a")
    #expect(try registry.find(LocalReference(parsing: "churn@1.0.0")).record.version == "1.0.0")
    let error = #expect(throws: RegistryError.self) { try fixture.add("churn", "1.0.0", content: "b") }
    #expect(error?.category == .conflict)
    #expect(
      try registry.find(LocalReference(parsing: "churn@1.0.0")).record.content
        == fixture.image("a").manifest.content.config.digest)
  }

  @Test("a writer that crashed between event and head loses nothing")
  func strayEvent() throws {
    try fixture.add("churn", "1.0.0", content: "a")
    try fixture.add("churn", "1.0.1", content: "b")
    let log = try registry.log(ModelName("churn"))
    let entries = try log.entries()
    let heads = registry.root.appending("models/churn/heads")
    try Durable.remove(heads.appending(entries[1].hash))
    _ = try Durable.createExclusively(heads.appending(entries[0].hash), with: [])
    #expect(try log.currentHeads() == [entries[1].hash])
    try fixture.add("churn", "1.0.2", content: "c")
    #expect(try log.entries()[2].event.heads == [entries[1].hash])
  }

  @Test("OCI tools read the registry and each version's own layout")
  func skopeo() throws {
    try fixture.add("crm/churn", "1.0.0", content: "a")
    for place in ["oci:\(registry.root):crm/churn@1.0.0", "oci:\(registry.root)/models/crm/churn/versions/1.0.0:1.0.0"]
    {
      let result = try ChildProcess.run(["skopeo", "inspect", "--raw", place])
      #expect(result.status == 0, "\(result.errorText)")
      let image = try fixture.image("a")
      #expect(Digest.of(result.output) == image.manifest.descriptor.digest)
    }
  }

  @Test("a record of a later format is refused with a remedy")
  func laterFormat() throws {
    let error = #expect(throws: RegistryError.self) {
      try VersionRecord.decode(Array(#"{"format": 3}"#.utf8), subject: "x")
    }
    #expect(error?.code == .unknownFormat)
  }

  @Test("a directory with other files in it does not become a registry")
  func foreign() throws {
    try fixture.directory.write("other/file", "x")
    #expect(throws: RegistryError.self) { try Registry.create(fixture.directory.path.appending("other")) }
    #expect(throws: RegistryError.self) { try Registry.open(fixture.directory.path.appending("nothing")) }
  }

  @Test(
    "a registry whose creation was killed is completed by the next command",
    arguments: [["lock"], ["lock", "blobs/"], ["lock", "blobs/sha256/", "index.json"], [".opz-tmp-1", "blobs/"]])
  func begun(_ names: [String]) throws {
    let place = try TemporaryDirectory()
    let root = place.path.appending("registry")
    try Durable.makeDirectory(root)
    for name in names {
      let path = root.appending(name)
      if name.hasSuffix("/") {
        try Durable.makeDirectory(path)
      } else {
        try Durable.replace(path, with: name == "index.json" ? Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8) : [])
      }
    }
    try Durable.replace(root.appending("notes.txt"), with: [])
    #expect(throws: RegistryError.self, "somebody's own file") { try Registry.create(root) }
    try Durable.remove(root.appending("notes.txt"))
    _ = try Registry.create(root)
    #expect(try Registry.open(root).models() == [])
  }
}

@Suite("fsck")
struct FsckTests {
  let fixture: RegistryFixture
  var registry: Registry { fixture.registry }

  init() throws {
    fixture = try RegistryFixture()
    try fixture.add("churn", "1.0.0", content: "a")
    try fixture.add("churn", "1.1.0", content: "b")
  }

  private func problems() async throws -> [String] {
    try await registry.fsck().problems.map(\.subject)
  }

  @Test("an unchanged registry is clean")
  func clean() async throws {
    #expect(try await problems() == [])
  }

  @Test("a flipped bit in any blob is found")
  func flipped() async throws {
    let directory = registry.root.appending("blobs/sha256")
    for entry in try Directory.entries(directory) {
      let path = directory.appending(entry)
      let whole = try FileBlob(path).bytes()
      try fixture.damage(path)
      #expect(try await problems().contains("blobs/sha256/\(entry.string)"))
      try Durable.replace(path, with: whole)
    }
    #expect(try await problems() == [])
  }

  @Test("each missing blob is found")
  func missing() async throws {
    let directory = registry.root.appending("blobs/sha256")
    for entry in try Directory.entries(directory) {
      let path = directory.appending(entry)
      let whole = try FileBlob(path).bytes()
      try Durable.remove(path)
      #expect(try await !problems().isEmpty, "\(entry) is missing and nobody noticed")
      try Durable.replace(path, with: whole)
    }
  }

  @Test(
    "changed, removed and swapped records and events are found",
    arguments: ["version", "event", "eventGone", "head", "swap"])
  func records(_ change: String) async throws {
    let versions = registry.root.appending("models/churn/versions")
    let events = registry.root.appending("models/churn/events")
    let first = try #require(try Directory.entries(events).first)
    switch change {
    case "version":
      let path = versions.appending("1.0.0/version.json")
      let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
      try Durable.replace(path, with: Array(text.replacing("crm", with: "cRm").utf8))
    case "event": try fixture.damage(events.appending(first))
    case "eventGone": try Durable.remove(events.appending(first))
    case "head":
      _ = try Durable.createExclusively(
        registry.root.appending("models/churn/heads/\(String(repeating: "0", count: 64))"), with: [])
    default:
      let bytes = try FileBlob(versions.appending("1.1.0/version.json")).bytes()
      try Durable.replace(versions.appending("1.0.0/version.json"), with: bytes)
    }
    #expect(try await !problems().isEmpty)
  }
}
