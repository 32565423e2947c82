import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

/// An image in a real registry that a node would read differently than opz does: every command refuses it.
@Suite("An image that two readers read differently, with the real docker-registry")
struct ForeignReadersTests {
  /// How a manifest or config is made ambiguous: which member is written twice, and where.
  enum Trick: String, CaseIterable, CustomStringConvertible {
    case doubledLayers, foldedLayers, doubledConfig, doubledDigest, configCommand, configDiffIDs

    var description: String { rawValue }
  }

  private let server: RegistryServer
  private let project: Project
  private let version: Registry.Version

  init() async throws {
    server = try RegistryServer()
    project = try Project.model()
    version = try await project.package { [host = server.host] in $0.push = "\(host)/crm/weights:1.0.0" }.version
  }

  private func http(_ method: String, _ target: String, type: String, body: [UInt8]) throws -> Int {
    let connection = try RawConnection(port: Int(server.port))
    connection.send(
      "\(method) \(target) HTTP/1.1\r\nHost: \(server.host)\r\nContent-Type: \(type)\r\n"
        + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n")
    connection.send(body)
    return try #require(try connection.receiveResponse()).status
  }

  private func push(blob: [UInt8]) async throws {
    let remote = try project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
    try await remote.put(.of(blob, .layerTar), from: BytesBlob(blob))
  }

  private func text(of descriptor: Descriptor) async throws -> String {
    String(decoding: try await project.registry().store.bytes(descriptor, limit: 4 << 20), as: UTF8.self)
  }

  /// The pushed image's manifest, made ambiguous; the registry also has the blobs of its second meaning.
  private func altered(_ trick: Trick) async throws -> [UInt8] {
    let manifest = try await text(of: version.record.image)
    let config = try #require(try JSONValue(json: Array(manifest.utf8))["config"]?["digest"]?.string)
    let other = Array("another layer".utf8)
    try await push(blob: other)
    let evil =
      #"[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"\#(Digest.of(other))","size":\#(other.count)}]"#
    func end(_ text: String, _ member: String) -> String { "\(text.dropLast()),\(member)}" }
    func withConfig(_ text: String) async throws -> String {
      let bytes = Array(text.utf8)
      try await push(blob: bytes)
      let size = try #require(try JSONValue(json: Array(manifest.utf8))["config"]?["size"]?.integer)
      return manifest.replacing(config, with: "\(Digest.of(bytes))").replacing(
        "\"size\":\(size)", with: "\"size\":\(bytes.count)")
    }
    let descriptor = try Descriptor(
      mediaType: .imageConfig, digest: #require(Digest(config)),
      size: UInt64(#require(try JSONValue(json: Array(manifest.utf8))["config"]?["size"]?.integer)))
    switch trick {
    case .doubledLayers: return Array(end(manifest, "\"layers\":\(evil)").utf8)
    case .foldedLayers: return Array(end(manifest, "\"Layers\":\(evil)").utf8)
    case .doubledConfig:
      let second = #"{"mediaType":"\#(MediaType.imageConfig)","digest":"\#(config)","size":\#(descriptor.size)}"#
      return Array(end(manifest, "\"config\":\(second)").utf8)
    case .doubledDigest:
      return Array(manifest.replacing("\"layers\":[{", with: "\"layers\":[{\"Digest\":\"\(config)\",").utf8)
    case .configCommand:
      return Array(try await withConfig(end(text(of: descriptor), #""config":{"Entrypoint":["/x"]}"#)).utf8)
    case .configDiffIDs:
      return Array(
        try await withConfig(end(text(of: descriptor), #""RootFS":{"type":"layers","diff_ids":[]}"#)).utf8)
    }
  }

  /// A record that matches the altered image, as anybody who may push can write it.
  private func pushRecord(about image: Descriptor) async throws {
    let old = version.record.image
    let text = String(decoding: version.bytes, as: UTF8.self)
      .replacing("\(old.digest)", with: "\(image.digest)").replacing(
        "\"size\":\(old.size)", with: "\"size\":\(image.size)")
    let bytes = Array(text.utf8)
    var layer = Descriptor.of(bytes, RecordArtifact.artifactType)
    layer.annotations = [RecordArtifact.titleAnnotation: "version.json"]
    let manifest = try Manifest(
      .init(
        artifactType: RecordArtifact.artifactType, config: .emptyConfig, layers: [layer],
        subject: image.withoutAnnotations))
    let remote = try project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
    try await remote.put(layer, from: BytesBlob(bytes))
    try await remote.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    try await remote.put(manifest.descriptor, from: BytesBlob(manifest.raw))
  }

  private func stranger() -> Session {
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    return other
  }

  @Test("it is not pulled, copied, or used as a base", arguments: Trick.allCases)
  func refused(_ trick: Trick) async throws {
    let bytes = try await altered(trick)
    let type = MediaType.imageManifest.rawValue
    #expect(try http("PUT", "/v2/crm/weights/manifests/two", type: type, body: bytes) == 201, "the registry takes it")
    try await pushRecord(about: .of(bytes, .imageManifest))
    let place = try Reference(parsing: "\(server.host)/crm/weights:two")
    let session = stranger()

    let pulled = await #expect(throws: (any Error).self) { try await PullVersion(place, in: session).run() }
    #expect((pulled as? any ExplainedError)?.category == .verification, "\(pulled.map { "\($0)" } ?? "")")
    #expect(try session.createRegistry().models().isEmpty)

    let copied = await #expect(throws: (any Error).self) {
      try await CopyImage(
        .remote(place), to: .layout(project.directory.path.appending("layout"), tag: "1"), in: session
      ).run()
    }
    #expect((copied as? any ExplainedError)?.category == .verification, "\(copied.map { "\($0)" } ?? "")")

    try project.directory.write(
      "q/opz.yaml",
      "opz: 1\nname: q\nmodel: {path: w}\nruntime: {kind: custom, base: \"\(place)\", command: [/x]}\n")
    try project.directory.write("q/w", "w")
    let based = await #expect(throws: (any Error).self) {
      try await PackageProject(PackageRequest(project: project.directory.path.appending("q")), in: project.session)
        .run()
    }
    #expect((based as? any ExplainedError)?.category == .verification, "\(based.map { "\($0)" } ?? "")")
  }

  @Test("if an older opz recorded it, it is not copied or pushed, and an audit names it")
  func recorded() async throws {
    let bytes = try await altered(.configCommand)
    let registry = try project.registry()
    let config = try #require(try Manifest(raw: bytes, mediaType: .imageManifest, subject: "").content.config)
    let text = try await project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
      .bytes(config, limit: 1 << 20)
    _ = try registry.store.put(text, .imageConfig)
    _ = try registry.store.put(bytes, .imageManifest)
    let old = version.record
    let record = VersionRecord(
      name: old.name, version: "2.0.0", created: old.created, tool: old.tool, image: .of(bytes, .imageManifest),
      content: config.digest, runtime: old.runtime, platforms: old.platforms, layers: old.layers, files: old.files,
      model: old.model, lineage: old.lineage, deploy: nil, pushTo: nil, tests: [])
    _ = try registry.record(version.name, by: Author(actor: "t")) { _ in
      .new(record, SemanticVersion(major: 2, minor: 0, patch: 0))
    }
    let made = try registry.find(LocalReference(parsing: "crm/weights@2.0.0"))
    #expect(try await registry.fsck().problems.contains { "\($0)".contains("\(config.digest)") })
    let session = project.session
    await #expect(throws: (any Error).self) {
      try await CopyImage(
        .version(LocalReference(parsing: "crm/weights@2.0.0")),
        to: .layout(project.directory.path.appending("layout"), tag: "1"), in: session
      ).run()
    }
    await #expect(throws: (any Error).self) {
      try await PushVersion(made, to: Reference(parsing: "\(server.host)/crm/other:1"), in: session).run(registry)
    }
  }
}
