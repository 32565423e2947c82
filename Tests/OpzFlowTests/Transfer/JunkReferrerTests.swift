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

@Suite("Junk and lies among what refers to an image, with the real docker-registry")
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
  /// - Returns: by how many attachments the key signed the image and how many there are, and what was said.
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

  @Test("a list that lies about all that it names hides nothing")
  func lyingList() async throws {
    // No real registry takes such a list; one of its owner's own does.
    var repository = try await ChangedRepository(version, project.registry())
    let listed = repository.listed(image.digest)
    #expect(listed.count == 3)
    var entries: [Descriptor] = []
    for one in listed {
      // Sizes, types and what they are: all wrong, and once more the other way round.
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
    // Of another image, and no manifest at all.
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

  @Test("what is broken is left out, and what is good beside it comes along")
  func broken() async throws {
    let stranger = Stranger(remote: try remote)
    let lost = try await stranger.attach(Array("lost".utf8), SigstoreBundle.mediaType, to: image)
    let other = try await stranger.attach(Array("other".utf8), ModelBOM.mediaType, to: image)
    try await stranger.attach(Array("{".utf8), SigstoreBundle.mediaType, to: image)
    try await stranger.attach([], MediaType("application/vnd.example"), to: image)
    // A manifest's blob that is gone, and one with other bytes.
    try Durable.remove(server.file(of: .of(Array("lost".utf8))))
    try Durable.replace(server.file(of: .of(Array("other".utf8))), with: Array("OTHER".utf8))
    let found = try await pull()
    // The bundle that is none and the empty document are attachments that nobody believes.
    #expect(found.signed == 2 && found.all == 4)
    for name in [lost, other].map(\.digest.short) {
      #expect(found.notes.contains { $0.contains(name) && $0.contains("skipped") }, "\(name)")
    }
  }

  @Test("a manifest with other bytes, none, no JSON or no end is left out", arguments: ["{}", "", "{", "[]", "null"])
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

  @Test("a record whose artifact cannot be read is left out, whatever is wrong with it")
  func brokenRecords() async throws {
    let stranger = Stranger(remote: try remote)
    for text in ["", "{", "[]", "{\"format\": 99}", "{\"format\": 1}", String(repeating: "[", count: 5000)] {
      try await stranger.attach(Array(text.utf8), RecordArtifact.artifactType, to: image)
    }
    let record = try await stranger.put(version.bytes, RecordArtifact.artifactType)
    for layers in [[], [record, record], [record, record, record]] {
      try await stranger.put(
        Manifest.Content(
          artifactType: RecordArtifact.artifactType, config: .emptyConfig, layers: layers, subject: image.bare))
    }
    let found = try await pull()
    #expect(found.signed == 2)
    #expect(found.notes.count { $0.contains("version record") && $0.contains("skipped") } == 9)
  }

  @Test("more than are read are said, and those that decide something come first")
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
