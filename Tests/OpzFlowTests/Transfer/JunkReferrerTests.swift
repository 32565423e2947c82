import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzTrust
import Testing

@testable import OpzFlow

@Suite("Malformed and false referrers of an image, with the real docker-registry")
struct JunkReferrerTests {
  let server: RegistryServer
  let project: Project
  let version: Registry.Version
  let key: PrivateKey
  let destination: Reference

  init() async throws {
    server = try RegistryServer()
    project = try Project.model()
    version = try await project.package().version
    key = try PrivateKey.generate(.ecdsaP256)
    destination = try Reference(parsing: "\(server.host)/crm/weights:1.0.0")
    _ = try await SignVersion(version, identity: nil, in: project.session).run(project.registry(), with: key)
    _ = try await PushVersion(version, to: destination, in: project.session).run(project.registry())
  }

  private var image: Descriptor { version.record.image }
  private var remote: RemoteRepository { get throws { try project.session.repository(destination) } }

  /// Pulls into another registry.
  /// - Returns: how many attachments are signatures of the image by the key, how many there are, and the notes.
  private func pull(from source: Reference? = nil) async throws -> (signed: Int, all: Int, notes: [String]) {
    let notes = Notes()
    var session = project.session
    session.registryPath = project.directory.path.appending("other")
    session.progress = notes
    let pulled = try await PullVersion(source ?? destination, in: session).run().version
    #expect(pulled.bytes == version.bytes)
    let registry = try session.openRegistry()
    #expect(try await registry.fsck().problems == [])
    let lines = try await VerifyVersion(pulled, in: session).run(registry, [("k", key.publicKey)], type: .signature)
    return (
      lines.count { !$0.keys.isEmpty }, try registry.state(pulled.name).attachments(of: pulled).count, notes.texts
    )
  }

  @Test("a referrers list with only false entries hides nothing")
  func lyingList() async throws {
    // No real registry accepts such a list, but its owner can serve one.
    var repository = try await ChangedRepository(version, project.registry())
    let listed = repository.listed(image.digest)
    #expect(listed.count == 3)
    var entries: [Descriptor] = []
    for one in listed {
      // Wrong size, media type and artifact type.
      var lie = one
      lie.size = 3
      lie.artifactType =
        one.artifactType == RecordArtifact.artifactType
        ? MediaType("application/vnd.example") : RecordArtifact.artifactType
      lie.mediaType = .dockerManifest
      entries.append(lie)
    }
    for number in 0..<20 {
      entries.append(
        Descriptor(
          mediaType: .imageManifest, digest: .of([UInt8(number)]), size: 10, artifactType: RecordArtifact.artifactType))
    }
    // One entry for the image itself, and one that is not a manifest.
    entries.append(image)
    entries.append(Descriptor(mediaType: MediaType("text/plain"), digest: .of([77]), size: 1))
    repository.list(entries, of: image.digest)
    let server = try repository.serve()
    let found = try await pull(from: Reference(parsing: "\(server.host)/a/b:1.0.0"))
    #expect(found.signed == 2 && found.all == 2)
    #expect(
      found.notes.count { $0.hasPrefix("skipped ") && $0.contains(": ") } == 10
        && found.notes.last == "skipped 12 more that the registry lists")
  }

  @Test("broken referrers are left out, and the good ones are pulled")
  func broken() async throws {
    let stranger = Stranger(remote: try remote)
    let lost = try await stranger.attach(Array("lost".utf8), SigstoreBundle.mediaType, to: image)
    let other = try await stranger.attach(Array("other".utf8), ModelBOM.mediaType, to: image)
    try await stranger.attach(Array("{".utf8), SigstoreBundle.mediaType, to: image)
    try await stranger.attach([], MediaType("application/vnd.example"), to: image)
    // The blob of one manifest is missing, and that of another has different bytes.
    try Durable.remove(server.file(of: .of(Array("lost".utf8))))
    try Durable.replace(server.file(of: .of(Array("other".utf8))), with: Array("OTHER".utf8))
    let found = try await pull()
    // The malformed bundle and the empty document become attachments that do not count.
    #expect(found.signed == 2 && found.all == 4)
    for name in [lost, other].map(\.digest.short) {
      #expect(found.notes.contains { $0.contains(name) && $0.contains("skipped") }, "\(name)")
    }
  }

  @Test("a manifest whose content is replaced by something else is left out", arguments: ["{}", "", "{", "[]", "null"])
  func brokenManifests(_ text: String) async throws {
    var repository = try await ChangedRepository(version, project.registry())
    let listed = repository.listed(image.digest)
    let bad = repository.keep(Array(text.utf8), .imageManifest)
    let wrong = Digest.of(Array("wrong".utf8))
    repository.manifests[wrong] = repository.manifests[listed[1].digest]
    let huge = repository.keep([UInt8](repeating: 0x20, count: Document.limit + 1), .imageManifest)
    let entries = [bad, wrong, huge].map {
      Descriptor(mediaType: .imageManifest, digest: $0, size: 10, artifactType: RecordArtifact.artifactType)
    }
    repository.list(entries + listed, of: image.digest)
    let server = try repository.serve()
    let found = try await pull(from: Reference(parsing: "\(server.host)/a/b:1.0.0"))
    #expect(found.signed == 2 && found.all == 2 && found.notes.count == 3)
  }

  @Test("a record with an unreadable artifact is left out, whatever is wrong with it")
  func brokenRecords() async throws {
    let stranger = Stranger(remote: try remote)
    for text in ["", "{", "[]", "{\"format\": 99}", "{\"format\": 1}", String(repeating: "[", count: 5000)] {
      try await stranger.attach(Array(text.utf8), RecordArtifact.artifactType, to: image)
    }
    let record = try await stranger.put(version.bytes, RecordArtifact.artifactType)
    for layers in [[], [record, record], [record, record, record]] {
      try await stranger.put(
        Manifest.Content(
          artifactType: RecordArtifact.artifactType, config: .emptyConfig, layers: layers,
          subject: image.withoutAnnotations))
    }
    let found = try await pull()
    #expect(found.signed == 2)
    #expect(found.notes.count { $0.contains("version record") && $0.contains("skipped") } == 9)
  }

  @Test("referrers beyond the limit are reported, and those that gates need are read first")
  func many() async throws {
    var repository = try await ChangedRepository(version, project.registry())
    let listed = repository.listed(image.digest)
    let junk = (0..<RemoteReferrers.most + 50).map { number in
      Descriptor(
        mediaType: .imageManifest, digest: .of(Array("\(number)".utf8)), size: 10,
        artifactType: MediaType("application/vnd.example"))
    }
    repository.list(junk + listed, of: image.digest)
    let server = try repository.serve()
    let found = try await pull(from: Reference(parsing: "\(server.host)/a/b:1.0.0"))
    #expect(found.signed == 2 && found.all == 2)
    #expect(found.notes.last?.hasSuffix(" more that the registry lists") == true)
  }
}
