import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzRegistry

/// Every stored property comes back from the disk. A new property that a reader does not know fails here, because the
/// fixtures have no property at its default value, and `Mirror` sees all properties.
@Suite("No field is lost")
struct StoredFieldsTests {
  private static func digest(_ byte: UInt8) -> Digest { Digest.of([byte]) }

  private static var platform: Platform {
    var platform = Platform(os: "linux", architecture: "arm", variant: "v7", osVersion: "10.0.1")
    platform.osFeatures = ["win32k"]
    return platform
  }

  private static var descriptor: Descriptor {
    var descriptor = Descriptor(
      mediaType: MediaType("application/x"), digest: digest(1), size: 12, artifactType: MediaType("a/b"),
      annotations: ["k": "v"], platform: platform)
    descriptor.urls = ["https://example.com/x"]
    return descriptor
  }

  /// Without the members that the fast readers leave to `Codable`.
  private static var plainDescriptor: Descriptor {
    var plain = descriptor
    (plain.platform, plain.urls) = (nil, nil)
    return plain
  }

  private static func record(_ descriptor: Descriptor) -> VersionRecord {
    var file = VersionRecord.File(
      role: "model", path: "/a\u{FFFD}", digest: digest(2), size: 3, mode: "0644", link: "b\u{FFFD}")
    (file.pathBytes, file.linkBytes) = ("2f61ff", "62ff")
    var record = VersionRecord(
      name: "crm/churn", version: "1.2.3", created: "2026-01-01T00:00:00Z", tool: "opz 1", image: descriptor,
      content: digest(3),
      runtime: .init(
        kind: "python", base: "h.example/b:1", baseDigest: digest(4), settings: .object(["a": .integer(1)])),
      platforms: ["linux/amd64"],
      layers: [
        .init(
          role: "model", descriptor: descriptor, diffID: digest(5), compressor: "zstd 1", platform: "linux/amd64",
          origin: "h.example/b")
      ], files: [file], model: .init(format: "xgboost-json", signature: .object(["inputs": .array([])])),
      lineage: Lineage(
        git: .init(commit: "c", branch: "main", remote: "r", dirty: true),
        data: [.init(path: "d", digest: digest(6), size: 5)], metrics: .object(["auc": .number(0.5)]),
        parent: "crm/churn@1.0.0", tags: ["team": "crm"]),
      deploy: .object(["replicas": .integer(2)]), pushTo: "h.example/b",
      tests: [.init(name: "holdout.csv", descriptor: descriptor)])
    record.fileList = descriptor
    record.packages = [
      .init(
        name: "numpy", version: "2", wheel: "n.whl", digest: digest(7), platform: "linux/amd64", unpacked: 8,
        distribution: "debian")
    ]
    record.artifacts = ["modelpack": descriptor]
    record.critical = ["feature"]
    return record
  }

  private static func event(_ descriptor: Descriptor) -> Event {
    var event = Event(
      kind: .rolledBack, model: "crm/churn", version: "1.2.3", at: "2026-01-01T00:00:00.000Z", actor: "me@here",
      number: 7, heads: ["x"], image: digest(1), record: descriptor, content: digest(2),
      alias: .init(name: "production", after: ["p"], restores: "q"), details: ["reason": .string("because")])
    event.critical = ["feature"]
    return event
  }

  private static var settings: VersionSettings {
    VersionSettings(
      deploy: .object(["replicas": .integer(2)]),
      lineage: Lineage(
        data: [.init(path: "d", digest: digest(6), size: 5)], metrics: .object(["auc": .number(0.5)]),
        parent: "crm/churn@1.0.0", tags: ["team": "crm"]), pushTo: "h.example/b",
      tests: [.init(name: "holdout.csv", descriptor: descriptor)])
  }

  private static func state() -> ModelState {
    let version = SemanticVersion("1.2.3-rc.1+b")!
    let (hash, at, actor) = (digest(9).hex, "2026-01-01T00:00:00.000Z", "me\t@here")
    let name = EventLog.Name(number: 7, digest: digest(9))
    let small = Descriptor(mediaType: MediaType("a/b"), digest: digest(1), size: 12)
    var typed = small
    typed.artifactType = MediaType("c/d")
    var state = ModelState()
    state.versions[version] = [
      .init(
        version: version, artifact: typed, image: digest(2), content: digest(3), event: hash, at: at, deletedBy: hash)
    ]
    state.moves[AliasName("production")!] = [
      .init(hash: hash, version: version, at: at, actor: actor, kind: .rolledBack, after: [hash], restores: hash)
    ]
    state.tags[version] = ["a": "b%\n"]
    state.cards[version] = small
    state.attachments[version] = [.init(descriptor: typed, image: digest(2), at: at, actor: actor, source: .scan)]
    state.places[version] = ["h.example/b:1"]
    state.configurations[version] = [.init(event: name, image: digest(2), at: at, actor: actor, tags: ["a": "b"])]
    state.deploys = [
      .init(
        hash: hash, version: version, place: DeployPlace(cluster: "https://c", namespace: "n", isBatch: true),
        manifests: small, at: at, actor: actor, restores: hash, isWhole: true)
    ]
    state.referrers[version] = [typed]
    state.named[version] = [small]
    state.seen = ["h.example/b:1": digest(2)]
    state.events[version] = [name]
    return state
  }

  /// Says for each stored property, at every depth, whether it differs from its default value.
  /// - Parameter empty: properties that a reader leaves out on purpose.
  private func checkFilled(_ value: Any, _ place: String, empty: Set<String> = []) {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
      guard let inner = mirror.children.first else {
        Issue.record("\(place) is nil in the fixture: give it a value")
        return
      }
      checkFilled(inner.value, place, empty: empty)
    case .collection, .set, .dictionary:
      #expect(!mirror.children.isEmpty, "\(place) is empty in the fixture")
      for child in mirror.children { checkFilled(child.value, "\(place)[]", empty: empty) }
    case .struct where !(value is Digest) && !(value is any StringProtocol):
      for child in mirror.children where !empty.contains(child.label ?? "") {
        checkFilled(child.value, "\(place).\(child.label ?? "?")", empty: empty)
      }
    case .tuple: for child in mirror.children { checkFilled(child.value, place, empty: empty) }
    default: #expect(!["", "false", "0"].contains("\(value)"), "\(place) is at its default in the fixture")
    }
  }

  /// The stored properties as text, by path.
  private func stored(_ value: Any, _ place: String, found: inout [String: String]) {
    let mirror = Mirror(reflecting: value)
    if mirror.children.isEmpty || value is JSONValue || value is Digest {
      found[place] = "\(value)"
      return
    }
    for (index, child) in mirror.children.enumerated() {
      stored(child.value, "\(place).\(child.label ?? "\(index)")", found: &found)
    }
  }

  private func expectKept<Value: Codable & Equatable>(
    _ value: Value, empty: Set<String> = [], read: [([UInt8]) throws -> Value?]
  ) throws {
    checkFilled(value, "\(Value.self)", empty: empty)
    var before: [String: String] = [:]
    stored(value, "", found: &before)
    for read in read + [{ try JSONDecoding.decode(Value.self, from: $0) }] {
      let back = try #require(try read(CanonicalJSON.encodePretty(value)))
      var after: [String: String] = [:]
      stored(back, "", found: &after)
      for (place, text) in before { #expect(after[place] == text, "\(Value.self)\(place) is lost") }
      #expect(back == value)
    }
  }

  /// The fixture without the members that the fast reader has to leave to `Codable`.
  private func expectReadFast<Value: Codable & Equatable>(_ value: Value, _ read: ([UInt8]) -> Value?) throws {
    #expect(read(try CanonicalJSON.encodePretty(value)) == value)
  }

  @Test("of a version's record")
  func record() throws {
    try expectKept(Self.record(Self.descriptor), read: [])
    var known = Self.record(Self.descriptor)
    known.critical = nil
    try expectKept(known, empty: ["critical"], read: [{ try VersionRecord.decode($0, subject: "test") }])
    try expectReadFast(Self.record(Self.plainDescriptor)) { VersionRecord(plain: $0) }
  }

  @Test("of an event")
  func event() throws {
    try expectKept(Self.event(Self.descriptor), read: [])
    try expectReadFast(Self.event(Self.plainDescriptor)) { Event(plain: $0) }
  }

  @Test("of settings in an event")
  func settings() throws {
    try expectKept(
      Self.settings, empty: ["git"],
      read: [
        { bytes in
          var event = Self.event(Self.descriptor)
          event.kind = .configured
          event.details = ["settings": try JSONValue(json: bytes)]
          return VersionSettings(event)
        }
      ])
  }

  @Test("of a file in a list of files")
  func files() throws {
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("store"))
    var record = Self.record(Self.descriptor)
    let file = try #require(record.files.first)
    checkFilled(file, "File")
    let many = Array(repeating: file, count: FileList.inline + 1)
    try FileList.place(many, in: &record, store)
    let bytes = try store.content(#require(record.fileList))
    #expect(try FileList.decode(bytes, subject: "test") == many && record.files == [])
  }

  @Test("of the state that is kept of a model")
  func state() throws {
    let directory = try TemporaryDirectory()
    let state = Self.state()
    // Descriptors in a state have no annotations; a kind of artifact where it is asked for.
    checkFilled(state, "ModelState", empty: ["artifactType", "annotations", "platform", "urls"])
    let file = directory.path.appending("churn.state")
    let mark = StateFile.Mark([EventLog.Name(number: 7, digest: Self.digest(9))])
    try StateFile(mark: mark, state: state).write(file)
    let back = try #require(StateFile.read(file))
    #expect(back.state == state && back.mark == mark)
  }

  @Test("of descriptors, manifests, indexes and configs")
  func documents() throws {
    try expectKept(Self.descriptor, read: [])
    try expectReadFast(Self.plainDescriptor) { bytes in
      (try? JSONView.read(bytes) { Descriptor($0) }) ?? nil
    }
    try expectReadFast(Self.plainDescriptor) { bytes in Descriptor(try? JSONValue(json: bytes)) }
    let manifest = Manifest.Content(
      artifactType: MediaType("a/b"), config: Self.descriptor, layers: [Self.descriptor], subject: Self.descriptor,
      annotations: ["a": "b"])
    try expectKept(manifest, read: [{ try Manifest(raw: $0, mediaType: .imageManifest, subject: "test").content }])
    var index = Index.Content(
      manifests: [Self.descriptor], artifactType: MediaType("a/b"), annotations: ["a": "b"])
    index.subject = Self.descriptor
    try expectKept(index, read: [{ try Index(raw: $0, subject: "test").content }])
    var config = ImageConfig(
      platform: Self.platform, created: "2026-01-01T00:00:00Z", diffIDs: [Self.digest(1)])
    (config.osVersion, config.osFeatures) = ("10.0.1", ["win32k"])
    config.author = "me"
    var execution = ImageConfig.Execution()
    execution.user = "1"
    execution.exposedPorts = ["8080/tcp": .init()]
    execution.env = ["A=1"]
    execution.entrypoint = ["/bin/a"]
    execution.cmd = ["b"]
    execution.volumes = ["/v": .init()]
    execution.workingDir = "/w"
    execution.labels = ["l": "1"]
    execution.stopSignal = "SIGTERM"
    config.config = execution
    var history = ImageConfig.History(created: "2026-01-01T00:00:00Z", createdBy: "opz", comment: "c")
    history.emptyLayer = true
    config.history = [history]
    try expectKept(config, read: [])
  }

  /// Every member that is written to a record or an event is in the shape that is used to read it.
  @Test("the shapes of records and events contain every written member")
  func shapes() throws {
    for descriptor in [Self.descriptor, Self.plainDescriptor] {
      _ = try JSONValue(json: CanonicalJSON.encode(Self.record(descriptor)), .record)
      _ = try JSONValue(json: CanonicalJSON.encode(Self.event(descriptor)), .event)
    }
    for (text, shape) in try [
      (CanonicalJSON.encode(Self.record(Self.descriptor)), JSONShape.record),
      (CanonicalJSON.encode(Self.event(Self.descriptor)), JSONShape.event),
    ] {
      guard case .object(let members) = try JSONValue(json: text) else { continue }
      for key in members.keys {
        // If the shape knows the member, adding it in upper case makes the document ambiguous.
        var doubled = members
        doubled[key.uppercased()] = .null
        #expect(throws: JSONFailure.self, "\(key)") { try JSONValue(json: CanonicalJSON.encode(doubled), shape) }
      }
    }
  }
}
