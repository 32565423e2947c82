import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import Testing

@testable import OpzFlow
@testable import OpzTrust

/// cosign 2.6.1 writes these (pkg/oci/mutate, pkg/oci/static): an image whose layers are documents, with diffIDs and history.
@Suite("The tags of cosign, with the real docker-registry")
struct CosignTagTests {
  let server: RegistryServer
  let project: Project
  let version: Registry.Version
  let destination: Reference
  let ours: PrivateKey
  let theirs: PrivateKey

  init() async throws {
    server = try RegistryServer()
    project = try Project.model()
    version = try await project.package().version
    destination = try Reference(parsing: "\(server.host)/crm/weights:1.0.0")
    ours = try PrivateKey.generate(.ecdsaP256)
    theirs = try PrivateKey.generate(.ed25519)
  }

  private var image: Digest { version.record.image.digest }
  private var remote: RemoteRepository { get throws { try project.session.repository(destination) } }
  private var signatureTag: String { CosignTags.name(image, .signatures) }
  private var attestationTag: String { CosignTags.name(image, .attestations) }

  private func push() async throws {
    _ = try await PushVersion(version, to: destination, in: project.session).run(project.registry())
  }

  private func sign(_ key: PrivateKey) async throws {
    _ = try await SignVersion(version, identity: nil, in: project.session).run(project.registry(), with: key)
  }

  /// An image whose layers are documents, under a tag, as cosign makes it.
  @discardableResult
  private func put(
    _ layers: [(bytes: [UInt8], annotations: [String: String])], _ type: MediaType, as tag: String
  ) async throws -> Descriptor {
    let stranger = Stranger(remote: try remote)
    var descriptors: [Descriptor] = []
    for (bytes, annotations) in layers {
      var descriptor = try await stranger.put(bytes, type)
      descriptor.annotations = annotations
      descriptors.append(descriptor)
    }
    let line = JSONValue.object(["created": .string("0001-01-01T00:00:00Z")])
    let config = try CanonicalJSON.encode(
      JSONValue.object([
        "architecture": .string(""), "created": .string("0001-01-01T00:00:00Z"), "os": .string(""),
        "config": .object([:]), "history": .array(descriptors.map { _ in line }),
        "rootfs": .object([
          "type": .string("layers"), "diff_ids": .array(descriptors.map { .string("\($0.digest)") }),
        ]),
      ]))
    let content = Manifest.Content(config: try await stranger.put(config, .imageConfig), layers: descriptors)
    return try await stranger.put(content, as: tag)
  }

  private func signature(_ key: PrivateKey, of image: Digest? = nil) throws -> ([UInt8], [String: String]) {
    let made = try SimpleSigning(signing: image ?? self.image, identity: destination.name, with: key)
    // Members that opz does not write are kept.
    return (made.payload, made.annotations.merging(["dev.sigstore.cosign/chain": ""]) { one, _ in one })
  }

  private func attestation(_ key: PrivateKey, of image: Digest? = nil) throws -> ([UInt8], [String: String]) {
    let payload = try CanonicalJSON.encode(
      JSONValue.object([
        "_type": .string("https://in-toto.io/Statement/v0.1"),
        "predicateType": .string("https://slsa.dev/provenance/v0.2"), "predicate": .object([:]),
        "subject": .array([
          .object(["name": .string("x"), "digest": .object(["sha256": .string((image ?? self.image).hex)])])
        ]),
      ]))
    let message = DSSEEnvelope.encode(DSSEEnvelope.inToto, payload)
    let envelope = JSONValue.object([
      "payloadType": .string(DSSEEnvelope.inToto), "payload": .string(Base64.encode(payload)),
      "signatures": .array([
        .object(["keyid": .string(""), "sig": .string(Base64.encode(try key.sign(message)))])
      ]),
    ])
    return (try CanonicalJSON.encode(envelope), ["dev.cosignproject.cosign/signature": ""])
  }

  /// The keys whose signatures are under the signature tag.
  private func signers(_ repository: RemoteRepository? = nil) async throws -> [String] {
    let repository = try repository ?? remote
    let manifest = try await repository.manifest(named: signatureTag)
    var found: [String] = []
    for layer in manifest.content.layers {
      let read = try SimpleSigning(layer, await repository.bytes(layer), subject: "x")
      if read.isSigned(by: ours.publicKey) { found.append("ours") }
      if read.isSigned(by: theirs.publicKey) { found.append("theirs") }
    }
    return found
  }

  @Test(
    "signatures and attestations that only tags name are pulled and verified; those of other images are left out")
  func pulled() async throws {
    try await push()
    try await put(
      [signature(theirs), signature(ours, of: .of([1])), ([1], [:])], SimpleSigning.mediaType, as: signatureTag)
    try await put([attestation(theirs), (Array("{}".utf8), [:])], DSSEEnvelope.mediaType, as: attestationTag)
    let notes = Notes()
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    other.progress = notes
    for round in 0..<2 {
      let pulled = try await PullVersion(destination, in: other).run().version
      let registry = try other.openRegistry()
      let verify = VerifyVersion(pulled, in: other)
      #expect(try await verify.run(registry, [("k", theirs.publicKey)], type: .signature).count == 2)
      #expect(
        try await verify.run(
          registry, [("k", theirs.publicKey)], type: PredicateType(parsing: "https://slsa.dev/provenance/v0.2")
        )
        .count == 2)
      await #expect(throws: FlowError.self) {
        try await verify.run(registry, [("k", ours.publicKey)], type: .signature)
      }
      #expect(try registry.state(pulled.name).attachments(of: pulled).count == 2, "\(round)")
      #expect(try await registry.fsck().problems == [])
    }
    #expect(notes.texts.count { $0.contains("a part of the tag") } == 6)
    // After a push from there, tools that read tags find both again.
    let second = try RegistryServer()
    let place = try Reference(parsing: "\(second.host)/a/b:1")
    let registry = try other.openRegistry()
    let version = try registry.find(LocalReference(parsing: "crm/weights@1.0.0"))
    _ = try await PushVersion(version, to: place, in: other).run(registry)
    let there = try other.repository(place)
    #expect(try await signers(there) == ["theirs"])
    #expect(try await there.manifest(named: attestationTag).content.layers.count == 1)
  }

  @Test("a push adds its signature to the existing ones, and a second push changes nothing")
  func appended() async throws {
    let foreign = try await put([signature(theirs)], SimpleSigning.mediaType, as: signatureTag)
    let before = try await remote.manifest(foreign)
    try await sign(ours)
    try await push()
    #expect(try await signers() == ["theirs", "ours"])
    let after = try await remote.manifest(named: signatureTag)
    #expect(after.content.layers.first == before.content.layers.first)
    struct Config: Decodable {
      struct Files: Decodable { var diff_ids: [Digest] }
      struct Line: Decodable { var created: String }
      var rootfs: Files
      var history: [Line]
    }
    let bytes = try await remote.bytes(after.content.config)
    let config = try CanonicalJSON.decode(Config.self, from: bytes, subject: "config")
    #expect(config.rootfs.diff_ids == after.content.layers.map(\.digest) && config.history.count == 2)
    try await push()
    #expect(try await remote.manifest(named: signatureTag).descriptor.digest == after.descriptor.digest)
    let raw = try ChildProcess.run([
      "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(destination.name):\(signatureTag)",
    ])
    #expect(raw.output == after.raw)
  }

  @Test("what opz itself pushed under the tag is replaced by its current content, byte for byte")
  func replaced() async throws {
    try await sign(ours)
    try await push()
    let first = try await remote.manifest(named: signatureTag)
    try await sign(theirs)
    try await push()
    let second = try await remote.manifest(named: signatureTag)
    #expect(try await signers() == ["ours", "theirs"] && first.content.layers.count == 1)
    let state = try project.registry().state(version.name)
    #expect(state.attachments(of: version).last?.descriptor.digest == second.descriptor.digest)
  }

  @Test("if two registries sign, both signatures are kept, whoever pushes last")
  func apart() async throws {
    try await push()
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let theirVersion = try await PullVersion(destination, in: other).run().version
    try await sign(ours)
    try await push()
    _ = try await SignVersion(theirVersion, identity: nil, in: other).run(other.openRegistry(), with: theirs)
    _ = try await PushVersion(theirVersion, to: destination, in: other).run(other.openRegistry())
    #expect(Set(try await signers()) == ["ours", "theirs"])
    try await push()
    #expect(Set(try await signers()) == ["ours", "theirs"])
  }

  @Test(
    "a tag with other content is a conflict before anything is sent, even with --force", arguments: 0..<4)
  func conflict(_ kind: Int) async throws {
    let stranger = Stranger(remote: try remote)
    let foreign: Descriptor
    switch kind {
    case 0: foreign = try await put([(Array("{}".utf8), [:])], .layerTar, as: signatureTag)
    case 1:
      let index = try Index(Index.Content(manifests: []))
      try await stranger.remote.put(index.descriptor, from: BytesBlob(index.raw))
      try await stranger.remote.tag(index.descriptor, as: signatureTag)
      foreign = index.descriptor
    case 2:
      let many = try (0..<Evidence.most).map { number in
        let one = try signature(theirs)
        return (one.0, one.1.merging(["n": "\(number)"]) { one, _ in one })
      }
      foreign = try await put(many, SimpleSigning.mediaType, as: signatureTag)
    default:
      foreign = try await put([signature(theirs)], SimpleSigning.mediaType, as: signatureTag)
      try Durable.replace(server.file(of: foreign.digest), with: Array("{}".utf8))
    }
    try await sign(ours)
    for expectation in [TagExpectation.asLastSeen, .anything] {
      var push = PushVersion(version, to: destination, in: project.session)
      push.expectation = expectation
      let error = await #expect(throws: (any Error).self) { try await push.run(project.registry()) }
      if kind < 3 { #expect((error as? any ExplainedError)?.category == .conflict) }
    }
    #expect(try await remote.digest(ofTag: "1.0.0") == nil)
    if kind < 3 { #expect(try await remote.digest(ofTag: signatureTag) == foreign.digest) }
  }

  @Test("a copy adds too, between registries and into a layout, and never overwrites a bill of materials")
  func copied() async throws {
    try await sign(ours)
    try await push()
    let second = try RegistryServer()
    let place = try Reference(parsing: "\(second.host)/prod/weights:1")
    let there = try project.session.repository(place)
    // Somebody else wrote the same tag at the destination.
    let source = try await put([signature(theirs)], SimpleSigning.mediaType, as: "foreign")
    _ = try await OpzStore.copy(source, from: remote, to: there)
    try await there.tag(source, as: signatureTag)
    func copyImage(_ to: String) async throws {
      _ = try await CopyImage(
        ImagePlace(parsing: "\(destination)", in: project.session), to: ImagePlace(parsing: to, in: project.session),
        in: project.session
      ).run()
    }
    try await copyImage("\(place)")
    #expect(try await signers(there) == ["theirs", "ours"])

    let layout = try LayoutStore.create(project.directory.path.appending("layout"))
    _ = try await OpzStore.copy(source, from: remote, to: layout)
    try await layout.tag(source, as: signatureTag)
    for _ in 0..<2 {
      try await copyImage("oci:layout:1")
      let merged = try await layout.manifest(layout.resolve(signatureTag))
      #expect(merged.content.layers.count == 2 && merged.content.layers.allSatisfy { (try? layout.has($0)) == true })
    }

    let bill = CosignTags.name(image, .bills)
    try await put([(Array("{}".utf8), [:])], ModelBOM.mediaType, as: bill)
    let mine = try await Stranger(remote: there).put(
      Manifest.Content(config: .emptyConfig, layers: []), as: bill)
    let error = await #expect(throws: FlowError.self) { try await copyImage("\(place)") }
    #expect(error?.category == .conflict)
    #expect(try await there.digest(ofTag: bill) == mine.digest)
  }
}
