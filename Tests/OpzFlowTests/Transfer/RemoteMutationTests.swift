import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzTrust
import Testing

@testable import OpzFlow

/// The property: deleting, duplicating or altering any byte or document of a version in a remote repository never
/// makes a pull and promotion pass that did not pass before; and if they pass, the image and record are the same.
@Suite("A version in a repository, changed by its owner")
struct RemoteMutationTests {
  let production = AliasName("production")!

  /// A version with its attachments, and a policy.
  struct Scene: Sendable {
    let name: String
    let project: Project
    let version: Registry.Version
    let key: PrivateKey
    let policy: String
    /// The gates that must not pass.
    let failing: [String]
    var passes: Bool { failing.isEmpty }
  }

  static let gates: [String: [String]] = [
    "good": [], "unsigned": ["signature"], "another's signature": ["signature", "scan"],
    "a signed scan with an error": ["scan"], "too low a metric": ["metrics.auc"],
  ]
  static let names = gates.keys.sorted()

  private static func scene(_ name: String) async throws -> Scene {
    let content = name == "a signed scan with an error" ? "cos\nsystem\n(S'id'\ntR." : "weights"
    let project = try Project.model(content, yaml: "lineage: {metrics: metrics.json}")
    try project.directory.write("p/metrics.json", name == "too low a metric" ? "{\"auc\": 0.5}" : "{\"auc\": 0.95}")
    let version = try await project.package().version
    let registry = try project.registry()
    let key = try PrivateKey.generate(.ecdsaP256)
    let signer = name == "another's signature" ? try PrivateKey.generate(.ecdsaP256) : key
    if name != "unsigned" {
      _ = try await SignVersion(version, identity: nil, in: project.session).run(registry, with: signer)
    }
    let scan = ScanVersion(version, in: project.session)
    let report = try await scan.run(registry)
    #expect(report.isClean == (name != "a signed scan with an error"))
    _ = try await AttestVersion(version, in: project.session).run(
      .scan, scan.sarif(report), with: signer, subject: "scan", registry: registry)
    let failing = try #require(gates[name])
    return Scene(
      name: name, project: project, version: version, key: key,
      policy: """
        {signature: {keys: [release.pub]}, scan: {tools: [opz], keys: [release.pub]}, metrics: {auc: ">= 0.9"}}
        """, failing: failing)
  }

  /// Pulls into a new registry and checks the gates.
  /// - Returns: the pulled version, and the gates that do not pass; nil if the pull or a gate fails with an error.
  private func outcome(
    _ repository: ChangedRepository, _ scene: Scene
  ) async throws -> (version: Registry.Version, failing: [String])? {
    let server = try repository.serve()
    defer { server.stop() }
    let directory = try TemporaryDirectory()
    var session = scene.project.session
    session.registryPath = directory.path.appending("registry")
    do {
      let pulled = try await PullVersion(Reference(parsing: "\(server.host)/a/b:1.0.0"), in: session).run().version
      let registry = try session.openRegistry()
      try Durable.replace(registry.root.appending("release.pub"), with: Array(scene.key.publicKey.pem.utf8))
      try Durable.replace(
        registry.root.appending("policy.yaml"), with: Array("opz: 1\npromote: {production: \(scene.policy)}\n".utf8))
      let results = try await MoveAlias(pulled, to: production, .promotion, in: session).check(registry)
      #expect(results.count == 3)
      return (pulled, results.filter { !$0.passed }.map(\.gate))
    } catch is any ExplainedError {
      return nil
    }
  }

  /// The scene and its unchanged repository, after checking that pull and gates give the expected result there.
  private func start(_ name: String) async throws -> (Scene, ChangedRepository) {
    let scene = try await Self.scene(name)
    let whole = try await ChangedRepository(scene.version, scene.project.registry())
    let found = try #require(try await outcome(whole, scene))
    #expect(
      Set(found.failing).isSuperset(of: scene.failing) && found.failing.isEmpty == scene.passes, "\(found.failing)")
    return (scene, whole)
  }

  private func expectNoGain(_ changed: ChangedRepository, _ scene: Scene, what: String) async throws {
    guard let (version, failing) = try await outcome(changed, scene), failing.isEmpty else { return }
    #expect(scene.passes, "\(scene.name): it passes after \(what)")
    #expect(version.record.image == scene.version.record.image, "\(scene.name): another image passes after \(what)")
    #expect(version.bytes == scene.version.bytes, "\(scene.name): another record passes after \(what)")
  }

  @Test("each document is deleted, emptied, or listed twice with a change", arguments: names)
  func documents(_ name: String) async throws {
    let (scene, whole) = try await start(name)
    let image = scene.version.record.image.digest
    for digest in whole.all {
      var changed = whole
      changed.remove(digest)
      try await expectNoGain(changed, scene, what: "\(digest.short) was deleted")
      changed = whole
      changed.replace(digest, with: [])
      try await expectNoGain(changed, scene, what: "\(digest.short) was emptied")
    }
    for tag in whole.tags.keys.sorted() {
      var changed = whole
      changed.tags[tag] = nil
      try await expectNoGain(changed, scene, what: "the tag \(tag) was deleted")
    }
    for (position, entry) in whole.listed(image).enumerated() {
      for isFirst in [true, false] {
        var changed = whole
        let manifest = try Manifest(
          raw: whole.bytes(entry.digest), mediaType: entry.mediaType, subject: "\(entry.digest)")
        var content = manifest.content
        content.annotations = ["twice": "\(position)"]
        let twin = try Manifest(content)
        changed.keep(twin.raw, .imageManifest)
        var copy = entry
        (copy.digest, copy.size) = (twin.descriptor.digest, twin.descriptor.size)
        let listed = whole.listed(image)
        changed.list(isFirst ? [copy] + listed : listed + [copy], of: image)
        try await expectNoGain(changed, scene, what: "\(entry.digest.short) was listed twice")
      }
    }
  }

  /// `scripts/torture-trust` asks for each byte, or for one of so many changes; otherwise there is one place of each kind.
  static let everyByteShare = ProcessEnvironment.value("OPZ_EVERY_BYTE").flatMap { Int($0) }.map { max(1, $0) }

  /// A change of one byte.
  enum Change: CaseIterable {
    case altered, otherCase, deleted, doubled

    /// Nil where it changes nothing.
    func made(in bytes: [UInt8], at place: Int) -> [UInt8]? {
      var bytes = bytes
      switch self {
      case .altered: bytes[place] ^= 1
      case .otherCase:
        guard Character(UnicodeScalar(bytes[place])).isLetter, bytes[place] < 0x80 else { return nil }
        bytes[place] ^= 0x20
      case .deleted: bytes.remove(at: place)
      case .doubled: bytes.insert(bytes[place], at: place)
      }
      return bytes
    }
  }

  /// Places in a document: of a text, the first, middle and last byte of each word and each mark between words; of anything else, some of all.
  static func places(in bytes: [UInt8]) -> [Int] {
    if everyByteShare != nil { return Array(bytes.indices) }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      return Array(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)))
    }
    func isWord(_ index: Int) -> Bool {
      guard bytes.indices.contains(index) else { return false }
      let character = Character(UnicodeScalar(bytes[index]))
      return character.isLetter || character.isNumber
    }
    var places: [Int] = []
    var start = 0
    while start < bytes.count {
      var end = start
      while isWord(end) == isWord(start), end < bytes.count { end += 1 }
      places += isWord(start) ? [start, (start + end) / 2, end - 1] : [start]
      start = end
    }
    return Set(places).sorted()
  }

  @Test(
    "each byte of each document is altered, deleted and doubled, and the digests, sizes and lists are updated to match",
    arguments: names)
  func bytes(_ name: String) async throws {
    let (scene, whole) = try await start(name)
    // Each scene takes every so many of the changes, another part of them in each: the documents are alike.
    var turn = try #require(Self.names.firstIndex(of: name))
    var tried = 0
    for digest in whole.all {
      let bytes = whole.bytes(digest)
      for place in Self.places(in: bytes) {
        for change in Change.allCases {
          turn += 1
          guard turn.isMultiple(of: Self.everyByteShare ?? 53) else { continue }
          guard let new = change.made(in: bytes, at: place), new != bytes else { continue }
          var changed = whole
          changed.exchange(digest, for: new)
          tried += 1
          try await expectNoGain(changed, scene, what: "byte \(place) of \(digest.short) was \(change)")
        }
      }
      // Under the digest of before, every byte is as good as any other.
      for place in [0, bytes.count / 2, bytes.count - 1] where !bytes.isEmpty {
        var changed = whole
        changed.replace(digest, with: Change.altered.made(in: bytes, at: place) ?? [])
        try await expectNoGain(changed, scene, what: "byte \(place) of \(digest.short) was altered under its digest")
      }
    }
    let size = whole.all.map { whole.bytes($0).count }.reduce(0, +)
    print("\(name): \(tried) changes of \(whole.all.count) documents, \(size) bytes")
    #expect(tried > 100)
  }

  /// Changes of the record and other documents that an attacker would make; each keeps the size.
  static let lies: [(String, String)] = [
    ("\"auc\": 0.5", "\"auc\": 9.5"), ("\"auc\": 0.95", "\"auc\": 0.96"),
    ("\"role\": \"model\"", "\"role\": \"codex\""), ("\"name\": \"crm/weights\"", "\"name\": \"crm/weightz\""),
    ("\"version\": \"1.0.0\"", "\"version\": \"9.0.0\""), ("\"kind\": \"model\"", "\"kind\": \"moder\""),
    ("docker-manifest-digest", "docker-manifest-digesT"), ("inception", "Inception"),
  ]

  @Test("a false record replaces the true one, or is listed next to it", arguments: names)
  func records(_ name: String) async throws {
    let (scene, whole) = try await start(name)
    let image = scene.version.record.image.digest
    var applied = 0
    for (from, to) in Self.lies {
      for digest in whole.all {
        let text = String(decoding: whole.bytes(digest), as: UTF8.self)
        guard text.contains(from) else { continue }
        applied += 1
        let bytes = Array(text.replacing(from, with: to).utf8)
        var changed = whole
        changed.exchange(digest, for: bytes)
        try await expectNoGain(changed, scene, what: "\(from) became \(to)")
        // The true record stays too, listed before or after the false one.
        for isFirst in [true, false] {
          var both = changed
          both.blobs.merge(whole.blobs) { one, _ in one }
          both.manifests.merge(whole.manifests) { one, _ in one }
          both.tags.merge(whole.tags) { one, _ in one }
          let lists = (changed.listed(image), whole.listed(image))
          both.list(isFirst ? lists.0 + lists.1 : lists.1 + lists.0, of: image)
          try await expectNoGain(both, scene, what: "\(from) became \(to) in a second one")
        }
      }
    }
    #expect(applied >= 4)
  }
}
