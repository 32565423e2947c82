import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzRegistryKit
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("What a push checks and records")
struct PushCheckTests {
  let server: RegistryServer
  let project: Project
  let version: Registry.Version

  init() async throws {
    server = try RegistryServer()
    project = try Project.model()
    version = try await project.package().version
  }

  private func push(
    _ version: Registry.Version? = nil, _ place: String = "crm/weights:1", expectation: TagExpectation = .asLastSeen
  ) async throws -> PushResult {
    var push = PushVersion(
      version ?? self.version, to: try Reference(parsing: "\(server.host)/\(place)"), in: project.session)
    push.expectation = expectation
    return try await push.run(project.registry())
  }

  @Test("the receipt lists everything that arrived, the event contains it, and it conforms to its schema")
  func receipt() async throws {
    let result = try await push()
    let receipt = result.receipt
    #expect(receipt.digest == version.record.image.digest && receipt.name == "crm/weights")
    #expect(receipt.tags.map(\.reference) == ["\(server.host)/crm/weights:1"] && receipt.tags[0].previous == nil)
    #expect(receipt.referrers.map(\.digest) == [version.artifact.digest])
    #expect(Set(receipt.blobs.map(\.outcome)) == ["sent"])
    #expect(receipt.blobs.reduce(0) { $0 + $1.size } == receipt.bytes.sent)
    for blob in receipt.blobs where !blob.mediaType.isDocument {
      #expect(try FileStatus.of(server.file(of: blob.digest)).size == blob.size)
    }
    let again = try await push()
    #expect(Set(again.receipt.blobs.map(\.outcome)) == ["existed"])
    #expect(again.receipt.tags[0].previous == version.record.image.digest && again.bytes == 0)

    let event = try #require(try project.registry().log(version.name).entries().last?.event)
    let kept = try CanonicalJSON.encode(try #require(event.details["receipt"]))
    #expect(try CanonicalJSON.decode(Receipt.self, from: kept, subject: "event") == again.receipt)

    let schema = PackageRoot.path(#filePath).appending("registry/receipt.schema.json")
    let script = PackageRoot.path(#filePath).appending("Tests/OpzFlowTests/Fixtures/validate.py")
    let good = try project.directory.write(
      "receipt.json", String(decoding: try CanonicalJSON.encodePretty(receipt), as: UTF8.self))
    let checked = try Python.run([script.string, schema.string, good.string])
    #expect(checked.status == 0, "\(checked.text)\(checked.errorText)")
    let text = String(decoding: try FileBlob(good).bytes(), as: UTF8.self)
    for (from, to) in [("\"format\": 1", "\"format\": 2"), ("\"sent\"", "\"lost\""), ("\"checked\"", "\"chekced\"")] {
      let broken = try project.directory.write("broken.json", text.replacing(from, with: to))
      #expect(try Python.run([script.string, schema.string, broken.string]).status == 1, "\(to)")
    }
  }

  @Test("a tag that somebody else moved is not moved without --force")
  func moved() async throws {
    _ = try await push()
    let remote = try project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
    let stranger = try await Attachment.put("stranger", about: nil, in: remote)
    try await remote.tag(stranger, as: "1")
    let error = await #expect(throws: FlowError.self) { try await push() }
    #expect(error?.category == .conflict && error?.hint?.contains("--force") == true)
    #expect(try await remote.resolve("1").digest == stranger.digest, "nothing was moved")
    // A tag that this registry never saw may be moved; the same tag in another repository is a different tag.
    _ = try await push(nil, "other/weights:1")
    let wrong = await #expect(throws: FlowError.self) { try await push(nil, "crm/weights:1", expectation: .absent) }
    #expect(wrong?.category == .conflict)
    _ = try await push(nil, "crm/weights:1", expectation: .digest(stranger.digest))
    #expect(try await remote.resolve("1").digest == version.record.image.digest)
    try await remote.tag(stranger, as: "1")
    _ = try await push(nil, "crm/weights:1", expectation: .anything)
    _ = try await push()
  }

  @Test("the tag of the ModelPack artifact is left alone too where somebody else moved it, before a byte is sent")
  func movedCompanion() async throws {
    _ = try await push()
    let remote = try project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
    try project.directory.write("p/weights.bin", "better weights")
    let next = try await project.package().version
    let stranger = try await Attachment.put("stranger", about: nil, in: remote)
    try await remote.tag(stranger, as: "1.modelpack")
    let error = await #expect(throws: FlowError.self) { try await push(next) }
    #expect(error?.category == .conflict && error?.hint?.contains("--force") == true)
    #expect(try await remote.resolve("1").digest == version.record.image.digest)
    #expect(try await remote.resolve("1.modelpack").digest == stranger.digest, "nothing was moved")
    #expect(try await !remote.contains(next.record.image.withoutAnnotations))
    _ = try await push(next, "crm/weights:1", expectation: .anything)
    #expect(try await remote.resolve("1.modelpack").digest == next.record.artifacts?["modelpack"]?.digest)
    _ = try await push(version, "crm/weights:1")
    #expect(try await remote.resolve("1.modelpack").digest == version.record.artifacts?["modelpack"]?.digest)
  }

  @Test("a tag that was moved back to an older version is not pulled without --force")
  func rollback() async throws {
    _ = try await push()
    try project.directory.write("p/weights.bin", "better weights")
    let next = try await project.package().version
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let source = try Reference(parsing: "\(server.host)/crm/weights:1")
    func pull(force: Bool = false) async throws -> PullVersion.Result {
      var pull = PullVersion(source, in: other)
      pull.acceptsRollback = force
      return try await pull.run()
    }
    #expect(try await pull().version.version == version.version)
    _ = try await push(next)
    #expect(try await pull().version.version == next.version)
    _ = try await push(version, "crm/weights:1", expectation: .anything)
    let error = await #expect(throws: FlowError.self) { try await pull() }
    #expect(error?.category == .conflict && error?.reason.contains("was moved back") == true)
    // A pull by digest does not check; once pulled, the tag is known to name this version.
    let pinned = PullVersion(source.pinned(to: version.record.image.digest), in: other)
    #expect(try await pinned.run().existed)
    await #expect(throws: FlowError.self) { try await pull() }
    #expect(try await pull(force: true).existed)
    #expect(try await pull().existed)
    #expect(try await other.openRegistry().fsck().problems == [])
  }

  @Test("blobs from an earlier push to another repository on the host are mounted, including the record's")
  func mounted() async throws {
    _ = try await push()
    let promoted = try await push(nil, "prod/weights:1")
    #expect(promoted.totals.mounted > 0)
    for blob in promoted.receipt.blobs {
      #expect(blob.outcome == (blob.mediaType.isDocument ? "sent" : "mounted"), "\(blob.digest)")
    }
    // The unchanged layers of the next version are in the previous version's repository.
    try project.directory.write("p/weights.bin", "better weights")
    let next = try await project.package().version
    let moved = try await push(next, "stage/weights:2")
    #expect(moved.totals.mounted > 0 && moved.totals.sent > 0)
  }

  @Test("if everything exists, each item is requested once, and the tag is read again")
  func frugal() async throws {
    let spec = try SpecRegistry()
    defer { spec.stop() }
    let place = try Reference(parsing: "\(spec.host)/crm/weights:1")
    let registry = try project.registry()
    let first = try await PushVersion(version, to: place, in: project.session).run(registry)
    let before = spec.requests.count
    let again = try await PushVersion(version, to: place, in: project.session).run(registry)
    #expect(again.bytes == 0)
    let asked = spec.requests.dropFirst(before).map { "\($0.method) \($0.target)" }
    #expect(asked.allSatisfy { $0.hasPrefix("HEAD ") || $0.hasPrefix("GET ") })
    for blob in first.receipt.blobs {
      #expect(asked.filter { $0.hasPrefix("HEAD ") && $0.hasSuffix("\(blob.digest)") }.count == 1, "\(blob.digest)")
    }
    #expect(asked.last == "GET /v2/crm/weights/manifests/1")
    // Nothing else except the tags and the referrers lists, including those under the fallback tag.
    #expect(asked.count <= first.receipt.blobs.count + 8, "\(asked)")
  }

  @Test("moving a tag that this registry set is not a conflict, and a deleted tag is set again")
  func own() async throws {
    _ = try await push()
    try project.directory.write("p/weights.bin", "better weights")
    let next = try await project.package().version
    #expect(next.version != version.version)
    let result = try await push(next)
    #expect(result.receipt.tags[0].previous == version.record.image.digest)
    // The cached state of the registry agrees with its events.
    try Durable.removeTree(project.session.registryPath.appending("cache"))
    #expect(
      try project.registry().state(version.name).seen["\(server.host)/crm/weights:1"] == next.record.image.digest)
  }

  @Test("content that the remote registry lost is detected")
  func lost() async throws {
    let result = try await push()
    let layer = try #require(version.record.layers.first?.descriptor)
    try Durable.remove(server.file(of: layer.digest))
    let remote = try project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
    let error = await #expect(throws: FlowError.self) {
      try await RemoteVerification(repository: remote).check(
        tags: ["1"], of: version.record.image.digest,
        content: result.receipt.blobs.map {
          Descriptor(mediaType: $0.mediaType, digest: $0.digest, size: $0.size)
        })
    }
    #expect(error?.category == .verification && error?.subject.contains(layer.digest.description) == true)
  }

  @Test("attachments made elsewhere are pulled, survive garbage collection, and are pushed again")
  func attached() async throws {
    _ = try await push()
    let remote = try project.session.repository(Reference(parsing: "\(server.host)/crm/weights"))
    let sbom = try await Attachment.put("sbom", about: version.record.image, in: remote)
    let signature = try await Attachment.put("signature", about: sbom, in: remote)

    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let source = try Reference(parsing: "\(server.host)/crm/weights:1")
    let pulled = try await PullVersion(source, in: other).run()
    #expect(Set(pulled.referrers.map(\.digest)) == [sbom.digest, signature.digest])
    let registry = try other.openRegistry()
    var options = Registry.CollectionOptions()
    options.grace = 0
    _ = try registry.collect(options, by: other.author)
    #expect(try registry.store.has(sbom.withoutAnnotations) && registry.store.has(signature.withoutAnnotations))
    #expect(try await registry.fsck().problems == [])

    let third = try RegistryServer()
    let onward = try Reference(parsing: "\(third.host)/x/weights:1")
    let pushed = try await PushVersion(pulled.version, to: onward, in: other).run(registry)
    #expect(
      Set(pushed.receipt.referrers.map(\.digest)) == [version.artifact.digest, sbom.digest, signature.digest])
    let there = try other.repository(onward)
    #expect(try await there.referrers(of: sbom.digest).map(\.digest) == [signature.digest])

    // A later attachment adds one event, once.
    let late = try await Attachment.put("scan", about: version.record.image, in: remote)
    #expect(try await PullVersion(source, in: other).run().referrers.map(\.digest).contains(late.digest))
    _ = try await PullVersion(source, in: other).run()
    let events = try registry.log(version.name).entries().map(\.event.kind)
    #expect(events == [.pulled, .attached, .pushed, .attached])
  }

  @Test("an error says what is safe and how to continue")
  func failure() async throws {
    let port = try LoopbackListener.freePort()
    let place = try Reference(parsing: "127.0.0.1:\(port)/crm/weights:1")
    let error = PushFailure(
      DistributionError(.tooLarge, "\(place)", reason: "the registry answered 413", hint: "ask for more"),
      safe: 3 << 20,
      of: 10 << 20, resume: "opz push crm/weights@1.0.0 \(place)")
    #expect(
      error.description == """
        \(place): the registry answered 413; 3.0 MiB of 10.0 MiB are uploaded

        hint: ask for more; opz push crm/weights@1.0.0 \(place) resumes from there
        """)
    #expect(error.category == .network)
  }

  @Test("show lists platforms, sizes and referrers")
  func listing() async throws {
    _ = try await push()
    let place = try Reference(parsing: "\(server.host)/crm/weights:1")
    let remote = try project.session.repository(place)
    let sbom = try await Attachment.put("sbom", about: version.record.image, "a bill", in: remote)
    let signature = try await Attachment.put("cosign", about: nil, in: remote)
    let tag = "sha256-\(version.record.image.digest.hex).sig"
    try await remote.tag(signature, as: tag)
    let listing = try await RemoteListing.read(place, in: project.session)
    #expect(listing.digest == version.record.image.digest && listing.reference == place.description)
    #expect(
      listing.images.map(\.platform) == ["linux/amd64"] && listing.images[0].layers == version.record.layers.count)
    #expect(listing.images[0].size == listing.size && listing.tags == [tag: signature.digest])
    let one = try #require(listing.referrers.first { $0.digest == sbom.digest })
    #expect(one.artifactType?.rawValue == "application/vnd.example.sbom" && one.annotations == ["about": "sbom"])
    #expect(one.size == sbom.size + 2 + 6 && one.subject == listing.digest)
    #expect(listing.referrers.count == 2)
  }
}
