import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzRegistry

@Suite("A record compared with its image's own documents")
struct RecordCheckTests {
  let fixture: RegistryFixture
  var store: LayoutStore { fixture.registry.store }

  init() throws { fixture = try RegistryFixture() }

  static func layer(_ text: String) -> Layer {
    Layer(descriptor: .of(Array(text.utf8), .layerTarGzip), diffID: .of(Array("tar \(text)".utf8)))
  }

  static func recorded(_ layer: Layer, _ role: String, platform: String? = nil) -> VersionRecord.Layer {
    .init(role: role, descriptor: layer.descriptor, diffID: layer.diffID, compressor: nil, platform: platform)
  }

  /// An image in the store, with its layers.
  func image(_ layers: [Layer], _ platform: String, annotations: [String: String]? = nil) throws -> Descriptor {
    let config = ImageConfig(platform: try #require(Platform(platform)), created: nil, diffIDs: layers.map(\.diffID))
    let bytes = try CanonicalJSON.encode(config)
    try store.put(bytes, .imageConfig)
    let manifest = try Manifest(
      Manifest.Content(
        config: .of(bytes, .imageConfig), layers: layers.map(\.descriptor), annotations: annotations))
    try store.put(manifest.raw, .imageManifest)
    return manifest.descriptor
  }

  /// Two platforms, each with its own base, one shared layer and one layer of its own.
  func index() throws -> (record: VersionRecord, facts: ImageFacts) {
    let (baseA, baseB, shared) = (Self.layer("base a"), Self.layer("base b"), Self.layer("shared base"))
    let (wheelsA, wheelsB, model) = (Self.layer("wheels a"), Self.layer("wheels b"), Self.layer("model"))
    let a = try image([shared, baseA, shared, wheelsA, model], "linux/amd64")
    let b = try image([shared, baseB, wheelsB, model], "linux/arm64")
    let index = try Index(Index.Content(manifests: [a, b]))
    try store.put(index.raw, .imageIndex)
    let facts = try ImageFacts(index.descriptor, in: store)
    var record = try fixture.record("churn", "1.0.0", content: "x")
    record.image = index.descriptor
    record.platforms = ["linux/amd64", "linux/arm64"]
    record.content = facts.content
    record.layers = [
      Self.recorded(shared, "runtime"), Self.recorded(baseA, "runtime"), Self.recorded(baseB, "runtime"),
      Self.recorded(wheelsA, "environment", platform: "linux/amd64"),
      Self.recorded(wheelsB, "environment", platform: "linux/arm64"),
      Self.recorded(model, "model"),
    ]
    return (record, facts)
  }

  @Test("a record of two platforms that agrees with their images contradicts nothing")
  func whole() async throws {
    let (record, facts) = try index()
    #expect(record.contradiction(to: facts) == nil)
    #expect(facts.layers.count == 6 && facts.images.count == 2)
    let read = try await ImageFacts.of(record.image, in: store)
    #expect(record.contradiction(to: read) == nil && read.content == facts.content)
  }

  static let lies: [(String, @Sendable (inout VersionRecord) -> Void)] = [
    ("without layers", { $0.layers = [] }),
    ("one of one platform is for the other", { $0.layers[3].platform = "linux/arm64" }),
    ("one of one platform is for both", { $0.layers[3].platform = nil }),
    ("one of both is for one", { $0.layers[5].platform = "linux/amd64" }),
    ("one is for a platform that is not there", { $0.layers[5].platform = "linux/riscv64" }),
    (
      "one for no platform more",
      {
        $0.layers.append($0.layers[3]); $0.layers[6].platform = "linux/riscv64"
      }
    ),
    ("bases in another order", { $0.layers.swapAt(1, 2) }),
    ("a base's layer twice", { $0.layers.insert($0.layers[0], at: 0) }),
    ("a base's layer fewer", { $0.layers.remove(at: 0) }),
    ("the model as the base's", { $0.layers[5].role = "runtime" }),
    ("all of them as the base's", { for index in $0.layers.indices { $0.layers[index].role = "runtime" } }),
    ("a base's as its own", { $0.layers[2].role = "model" }),
    ("platforms in another order", { $0.platforms.reverse() }),
    ("a platform fewer", { $0.platforms.removeLast() }),
    ("no platform", { $0.platforms = [] }),
    ("a platform that is none", { $0.platforms[0] = "?" }),
    ("a size at the end of numbers", { $0.layers[5].descriptor.size = .max }),
  ]

  @Test("a contradiction is found", arguments: lies.indices)
  func lie(_ index: Int) throws {
    var (record, facts) = try self.index()
    Self.lies[index].1(&record)
    #expect(record.contradiction(to: facts) != nil, "\(Self.lies[index].0)")
  }

  @Test("Docker's media type of a layer counts as OCI's")
  func docker() throws {
    var (record, facts) = try index()
    record.layers[0].descriptor.mediaType = .dockerLayerTarGzip
    #expect(record.contradiction(to: facts) == nil)
  }

  @Test("a manifest's annotations are compared, unless it has none")
  func annotations() throws {
    let layer = Self.layer("model")
    let title = "org.opencontainers.image.title"
    for (said, fits) in [
      ([:], true), ([title: "churn", "org.opencontainers.image.version": "1.0.0"], true),
      ([title: "other", "org.opencontainers.image.version": "1.0.0"], false), ([title: "churn"], false),
      (["org.opencontainers.image.version": "2.0.0"], false),
      (["org.opencontainers.image.base.digest": "\(Digest.of([1]))"], false),
      (["org.opencontainers.image.revision": "c0ffee"], false),
    ] {
      let descriptor = try image([layer], "linux/amd64", annotations: said)
      let facts = try ImageFacts(descriptor, in: store)
      var record = try fixture.record("churn", "1.0.0", content: "x")
      record.image = descriptor
      record.content = facts.content
      record.layers = [Self.recorded(layer, "model")]
      #expect((record.contradiction(to: facts) == nil) == fits, "\(said)")
    }
  }

  @Test("an audit names a record that contradicts its image, and a registry does not adopt it")
  func audit() async throws {
    let (record, _) = try index()
    for text in ["base a", "base b", "shared base", "wheels a", "wheels b", "model"] {
      try store.put(Array(text.utf8), .layerTarGzip)
    }
    var lying = record
    lying.layers = []
    let wrong = lying
    _ = try fixture.registry.record(ModelName("churn"), by: Author(actor: "t")) { _ in
      .new(wrong, SemanticVersion(major: 1, minor: 0, patch: 0))
    }
    let problems = try await fixture.registry.fsck().problems
    #expect(problems.contains { $0.subject == "churn@1.0.0" && $0.reason.contains("contradicts its image") })
    let error = #expect(throws: RegistryError.self) {
      try fixture.registry.adopt(
        CanonicalJSON.encodePretty(wrong), artifact: record.image, by: Author(actor: "t"))
    }
    #expect(error?.category == .verification)
  }

  @Test("an index with anything but images cannot belong to a version", arguments: 0..<3)
  func indexes(_ kind: Int) throws {
    let nested = try Index(Index.Content(manifests: []))
    try store.put(nested.raw, .imageIndex)
    let artifact = try Manifest(Manifest.Content(config: .emptyConfig, layers: []))
    try store.put(Array("{}".utf8), .empty)
    try store.put(artifact.raw, .imageManifest)
    let one = try image([], "linux/amd64")
    let entries =
      switch kind {
      case 0: [nested.descriptor]
      case 1: [artifact.descriptor]
      default: Array(repeating: one, count: 65)
      }
    let index = try Index(Index.Content(manifests: entries))
    try store.put(index.raw, .imageIndex)
    #expect(throws: RegistryError.self) { try ImageFacts(index.descriptor, in: store) }
  }

  @Test("the event says where a version came from, and a changed record came from elsewhere")
  func origins() throws {
    let registry = fixture.registry
    try fixture.add("churn", "1.0.0", content: "a")
    let name = try ModelName("churn")
    let version = try registry.find(LocalReference(parsing: "churn@1.0.0"))
    #expect(try registry.origin(of: version, in: registry.state(name)) == .packaged)
    let rebased = try fixture.record("churn", "1.1.0", content: "b")
    _ = try registry.record(name, by: Author(actor: "t"), details: ["rebased": .string("churn@1.0.0")]) { _ in
      .new(rebased, SemanticVersion(major: 1, minor: 1, patch: 0))
    }
    let second = try registry.find(LocalReference(parsing: "churn@1.1.0"))
    #expect(try registry.origin(of: second, in: registry.state(name)) == .rebased)
    let third = try fixture.record("churn", "1.2.0", content: "c")
    let bytes = try CanonicalJSON.encodePretty(third)
    let artifact = try RecordArtifact.store(third, bytes, in: store)
    _ = try registry.adopt(bytes, artifact: artifact, by: Author(actor: "t"))
    let pulled = try registry.find(LocalReference(parsing: "churn@1.2.0"))
    #expect(try registry.origin(of: pulled, in: registry.state(name)) == .elsewhere)
    var record = version.record
    record.tool = "another"
    let changed = Registry.Version(
      name: name, version: version.version, record: record, bytes: try CanonicalJSON.encodePretty(record),
      artifact: version.artifact)
    #expect(try registry.origin(of: changed, in: registry.state(name)) == .elsewhere)
  }
}
