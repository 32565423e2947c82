import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Copies between places, with the real docker-registry")
struct CopyTests {
  let server: RegistryServer
  let project: Project
  let version: Registry.Version

  init() async throws {
    server = try RegistryServer()
    project = try Project.model()
    version = try await project.package { [host = server.host] in $0.push = "\(host)/crm/weights:1.0.0" }.version
  }

  private var image: Descriptor { version.record.image }
  private var source: String { "\(server.host)/crm/weights:1.0.0" }

  private func copy(
    _ from: String, _ to: String, progress: any ProgressSink = NoProgress(),
    change: (inout CopyImage.Options) -> Void = { _ in }
  ) async throws -> CopyImage.Result {
    var options = CopyImage.Options()
    change(&options)
    var session = project.session
    session.progress = progress
    return try await CopyImage(
      ImagePlace(parsing: from, in: session), to: ImagePlace(parsing: to, in: session), options, in: session
    ).run()
  }

  private func remote(_ place: String) throws -> RemoteRepository {
    try project.session.repository(Reference(parsing: place))
  }

  private func skopeo(_ arguments: String...) throws -> ChildProcess.Output {
    let result = try ChildProcess.run(["skopeo"] + arguments)
    try #require(result.status == 0, "\(result.errorText)")
    return result
  }

  @Test("to another registry: the same bytes, which skopeo reads and opz pulls as a version")
  func acrossHosts() async throws {
    let other = try RegistryServer()
    let result = try await copy(source, "\(other.host)/prod/weights")
    #expect(result.references == ["\(other.host)/prod/weights:1.0.0"])
    #expect(result.image.digest == image.digest && result.totals.sent > 0)
    let raw = try skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(other.host)/prod/weights:1.0.0")
    #expect(Digest.of(raw.output) == image.digest)
    _ = try skopeo(
      "copy", "--src-tls-verify=false", "docker://\(other.host)/prod/weights:1.0.0",
      "oci:\(project.directory.path)/read:1")

    var elsewhere = project.session
    elsewhere.registryPath = project.directory.path.appending("elsewhere")
    let pulled = try await PullVersion(try Reference(parsing: "\(other.host)/prod/weights:1.0.0"), in: elsewhere).run()
    #expect(pulled.version.bytes == version.bytes)
    let again = try await copy(source, "\(other.host)/prod/weights")
    #expect((again.totals.sent, again.totals.sentItems) == (0, 0))
  }

  @Test("within a host the layers are mounted, within a repository no blob is sent")
  func sameHost() async throws {
    let progress = Outcomes()
    let mounted = try await copy(source, "\(server.host)/prod/weights:2", progress: progress)
    let layers = Set(version.record.layers.map(\.descriptor.digest.short))
    #expect(layers.isSubset(of: progress.items(.mounted)))
    #expect(mounted.totals.mounted > 0)

    let tagged = try await copy(source, "\(server.host)/crm/weights") { $0.tags = ["stable", "latest"] }
    #expect(tagged.references == ["\(server.host)/crm/weights:stable", "\(server.host)/crm/weights:latest"])
    #expect((tagged.totals.sent, tagged.totals.mounted) == (0, 0))
    for tag in ["stable", "latest"] {
      #expect(try await remote(source).resolve(tag).digest == image.digest)
    }
  }

  @Test("referrers of referrers and cosign's tags are copied too, unless --no-referrers is given")
  func referrers() async throws {
    let from = try remote(source)
    let signature = try await Attachment.put("signature", about: image, in: from)
    let countersignature = try await Attachment.put("countersignature", about: signature, in: from)
    let cosign = try await Attachment.put("cosign", about: nil, in: from)
    let tag = "sha256-\(image.digest.hex).sig"
    try await from.tag(cosign, as: tag)

    let other = try RegistryServer()
    let result = try await copy(source, "\(other.host)/prod/weights:1")
    #expect(
      Set(result.referrers.map(\.digest)) == [version.artifact.digest, signature.digest, countersignature.digest])
    let there = try remote("\(other.host)/prod/weights:1")
    #expect(
      Set(try await there.referrers(of: image.digest).map(\.digest)) == [version.artifact.digest, signature.digest])
    let second = try await there.referrers(of: signature.digest)
    #expect(second.map(\.digest) == [countersignature.digest])
    #expect(second.first?.artifactType?.rawValue == "application/vnd.example.countersignature")
    #expect(second.first?.annotations == ["about": "countersignature"])
    #expect(try await there.resolve(tag).digest == cosign.digest)

    _ = try await copy(source, "\(other.host)/alone/weights:1") { $0.referrers = false }
    let alone = try remote("\(other.host)/alone/weights:1")
    #expect(try await alone.referrers(of: image.digest) == [])
    #expect(try await alone.digest(ofTag: tag) == nil)
  }

  @Test("an index stays complete, or one platform of it is copied")
  func index() async throws {
    let layout = try LayoutStore.create(project.directory.path.appending("many"))
    var manifests: [Descriptor] = []
    for platform in ["linux/amd64", "linux/arm64", "linux/arm/v7"].compactMap({ Platform($0) }) {
      let image = try Image.scratch(platform)
      try await layout.put(image.manifest.content.config, from: BytesBlob(image.configBytes))
      try await layout.put(image.manifest.descriptor, from: BytesBlob(image.manifest.raw))
      var entry = image.manifest.descriptor
      entry.platform = platform
      manifests.append(entry)
    }
    let index = try Index(Index.Content(manifests: manifests))
    try await layout.put(index.descriptor, from: BytesBlob(index.raw))
    try await layout.tag(index.descriptor, as: "1")
    // The attachments of one platform's image are copied with the index.
    let attached = try await Attachment.put("sbom", about: manifests[1], in: layout)
    try await layout.list(attached)

    let whole = try await copy("oci:many:1", "\(server.host)/many/all")
    #expect(whole.image.digest == index.descriptor.digest && whole.references == ["\(server.host)/many/all:1"])
    let raw = try skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(server.host)/many/all:1")
    #expect(raw.output == index.raw)
    #expect(try await remote("\(server.host)/many/all:1").referrers(of: manifests[1].digest).count == 1)

    for (position, platform) in ["linux/amd64", "linux/arm64", "linux/arm/v7"].enumerated() {
      let one = try await copy("\(server.host)/many/all:1", "\(server.host)/many/one:\(position)") {
        $0.platform = Platform(platform)
      }
      #expect(one.image.digest == manifests[position].digest)
      #expect(one.referrers.map(\.digest) == (position == 1 ? [attached.digest] : []))
    }
    for missing in ["linux/s390x", "linux/arm/v6"] {
      let error = await #expect(throws: FlowError.self) {
        try await copy("\(server.host)/many/all:1", "\(server.host)/many/one:x") { $0.platform = Platform(missing) }
      }
      #expect(error?.category == .notFound && error?.hint == "it has linux/amd64, linux/arm64, linux/arm/v7")
    }
  }

  @Test("a pin is kept: the copy has the same digest, and a destination with another digest is refused")
  func pins() async throws {
    let result = try await copy("\(server.host)/crm/weights@\(image.digest)", "\(server.host)/pinned/weights")
    #expect(result.references == ["\(server.host)/pinned/weights@\(image.digest)"])
    #expect(try await remote("\(server.host)/pinned/x").digest(ofTag: "latest") == nil)
    let other = Digest.of([1])
    let error = await #expect(throws: FlowError.self) {
      try await copy(source, "\(server.host)/pinned/weights@\(other)")
    }
    #expect(error?.category == .verification)
    // The tag next to a digest is ignored, and the digest must exist.
    await #expect(throws: DistributionError.self) {
      try await copy("\(source)@\(other)", "\(server.host)/pinned/weights")
    }
  }

  @Test("through a layout and a docker archive, which skopeo reads, and back again")
  func files() async throws {
    let layout = try await copy(source, "oci:layout")
    #expect(layout.references == ["oci:\(project.directory.path)/layout:1.0.0"])
    #expect(layout.referrers.map(\.digest) == [version.artifact.digest])
    _ = try skopeo("inspect", "oci:\(project.directory.path)/layout:1.0.0")
    _ = try await copy("oci:layout:1.0.0", "\(server.host)/back/weights")
    var elsewhere = project.session
    elsewhere.registryPath = project.directory.path.appending("elsewhere")
    let back = try await PullVersion(try Reference(parsing: "\(server.host)/back/weights:1.0.0"), in: elsewhere).run()
    #expect(back.version.bytes == version.bytes)

    _ = try await copy(source, "docker-archive:image.tar")
    let read = try skopeo("inspect", "--raw", "docker-archive:\(project.directory.path)/image.tar")
    #expect(read.text.contains("schemaVersion"))
    let returned = try await copy("docker-archive:image.tar", "\(server.host)/archive/weights")
    #expect(returned.references == ["\(server.host)/archive/weights:1.0.0"])
    // The archive has no manifest that could be kept, but config and layers are the same.
    let copied = try await remote("\(server.host)/archive/weights").manifest(returned.image)
    #expect(copied.content.config.digest == version.record.content)
    #expect(copied.content.layers.map(\.digest) == version.record.layers.map(\.descriptor.digest))
  }

  @Test("an image that skopeo pushed in docker's format is copied byte for byte")
  func dockerFormat() async throws {
    _ = try skopeo(
      "copy", "--format", "v2s2", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://\(source)",
      "docker://\(server.host)/docker/weights:1")
    let before = try skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(server.host)/docker/weights:1")
    #expect(before.text.contains("application/vnd.docker.distribution.manifest.v2+json"))
    let result = try await copy("\(server.host)/docker/weights:1", "\(server.host)/docker/copy:1")
    #expect(result.image.digest == Digest.of(before.output))
    let after = try skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(server.host)/docker/copy:1")
    #expect(after.output == before.output)
  }

  @Test("a local version can be copied to every kind of destination")
  func local() async throws {
    let other = try RegistryServer()
    let result = try await copy("crm/weights@1.0.0", "\(other.host)/x/weights")
    #expect(result.references == ["\(other.host)/x/weights:1.0.0"])
    #expect(result.referrers.map(\.digest) == [version.artifact.digest])
    let wrong = await #expect(throws: FlowError.self) { try await copy(source, "crm/weights@2.0.0") }
    #expect(wrong?.category == .usage && wrong?.hint?.contains("opz pull") == true)
  }

  @Test("--expect: the tag must name what was expected")
  func expectation() async throws {
    let place = "\(server.host)/expected/weights:1"
    let none = await #expect(throws: FlowError.self) {
      try await copy(source, place) { $0.expectation = .digest(image.digest) }
    }
    #expect(none?.category == .conflict)
    #expect(try await copy(source, place) { $0.expectation = .absent }.image.digest == image.digest)
    let taken = await #expect(throws: FlowError.self) { try await copy(source, place) { $0.expectation = .absent } }
    #expect(taken?.category == .conflict)
    #expect(try await copy(source, place) { $0.expectation = .digest(image.digest) }.totals.sent == 0)
  }
}

@Suite("Referrers of hostile registries")
struct ReferrerLimitTests {
  /// Every digest has `width` referrers, without end.
  private struct Endless: ReferrerReader {
    let width: Int

    func referrers(of digest: Digest) async throws -> [Descriptor] {
      try (0..<width).map { try document(digest, $0).descriptor }
    }
    func contains(_ descriptor: Descriptor) async throws -> Bool { true }
    func named(_ tag: String) async throws -> Descriptor? { nil }

    /// A document's descriptor names its subject in an annotation, so that the document can be generated again.
    func blob(_ descriptor: Descriptor) async throws -> any Blob {
      let parts = (descriptor.annotations?["of"] ?? "").split(separator: " ")
      guard parts.count == 2, let subject = Digest(String(parts[0])), let number = Int(parts[1]) else {
        throw FlowError(.notFound, "\(descriptor.digest)", reason: "never made")
      }
      return BytesBlob(try document(subject, number).raw)
    }

    private func document(_ subject: Digest, _ number: Int) throws -> (descriptor: Descriptor, raw: [UInt8]) {
      let about = Descriptor(mediaType: .imageManifest, digest: subject, size: 10)
      let manifest = try Attachment.manifest("endless", about: about, "\(number)")
      var descriptor = manifest.descriptor
      descriptor.annotations = ["of": "\(subject) \(number)"]
      return (descriptor, manifest.raw)
    }
  }

  @Test("a registry with endless referrers is refused", arguments: [1001, 40, 1])
  func endless(width: Int) async throws {
    let error = await #expect(throws: FlowError.self) {
      try await ReferrerGraph.of([.of([1])], in: Endless(width: width), progress: NoProgress())
    }
    #expect(error?.category == .refused && error?.hint?.contains("--no-referrers") == true)
  }

  @Test("a listed document that is not a referrer, or is missing, is left out and reported")
  func liars() async throws {
    let store = try LayoutStore.create(try TemporaryDirectory().path.appending("layout"))
    let image = try Image.scratch(.linuxAMD64)
    let about = image.manifest.descriptor
    let good = try await Attachment.put("good", about: about, in: store)
    let foreign = try await Attachment.put("foreign", about: .of([1], .imageManifest), in: store)
    let missing = try Attachment.manifest("missing", about: about, "m").descriptor
    let notes = Notes()
    let graph = try await ReferrerGraph.of(
      [about.digest], in: Listing(store: store, listed: [foreign, missing, good]), progress: notes)
    #expect(graph.referrers.map(\.descriptor.digest) == [good.digest])
    #expect(notes.texts.count == 2)
  }

  private struct Listing: ReferrerReader {
    let store: LayoutStore
    let listed: [Descriptor]

    func referrers(of digest: Digest) async throws -> [Descriptor] {
      listed.contains { $0.digest == digest } ? [] : listed
    }
    func contains(_ descriptor: Descriptor) async throws -> Bool { try store.has(descriptor) }
    func blob(_ descriptor: Descriptor) async throws -> any Blob { try store.file(descriptor) }
    func named(_ tag: String) async throws -> Descriptor? { nil }
  }
}

/// Collects notes.
final class Notes: ProgressSink {
  private let lines = Monitor<[String]>([])

  var texts: [String] { lines.change { $0 } }

  func report(_ event: ProgressEvent) {
    if case .note(let text) = event { lines.change { $0.append(text) } }
  }
}
