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

@Suite("Version records that a stranger pushed, with the real docker-registry")
struct LyingRecordTests {
  let server: RegistryServer
  let project: Project
  let version: Registry.Version
  let destination: Reference

  init() async throws {
    server = try RegistryServer()
    project = try Project.model(yaml: "lineage: {tags: {team: crm}}")
    version = try await project.package().version
    destination = try Reference(parsing: "\(server.host)/crm/weights:1.0.0")
  }

  private var stranger: Stranger {
    get throws { Stranger(remote: try project.session.repository(destination)) }
  }

  /// A session with a different local registry.
  private func elsewhere(_ name: String = "other", _ progress: any ProgressSink = NoProgress()) -> Session {
    var session = project.session
    session.registryPath = project.directory.path.appending(name)
    session.progress = progress
    return session
  }

  private func push() async throws {
    _ = try await PushVersion(version, to: destination, in: project.session).run(project.registry())
  }

  /// Ways in which a record can contradict its image.
  static let contradictions: [(String, @Sendable (inout VersionRecord) -> Void)] = [
    ("no layers", { $0.layers = [] }),
    ("a layer fewer", { $0.layers.removeLast() }),
    ("a layer twice", { $0.layers.append($0.layers[0]) }),
    ("another order", { $0.layers.swapAt(0, 1) }),
    ("another size", { $0.layers[0].descriptor.size += 1 }),
    ("another diffID", { $0.layers[0].diffID = .of([1]) }),
    ("another digest", { $0.layers[0].descriptor.digest = .of([1]) }),
    ("another type", { $0.layers[0].descriptor.mediaType = .layerTarZstd }),
    ("a base's layer over others", { $0.layers[1].role = "runtime" }),
    ("a layer for a platform that is not there", { $0.layers[0].platform = "linux/s390x" }),
    ("other content", { $0.content = .of([1]) }),
    ("another platform", { $0.platforms = ["linux/s390x"] }),
    ("two platforms", { $0.platforms.append("linux/s390x") }),
    ("another number", { $0.version = "9.0.0" }),
    ("another name", { $0.name = "crm/other" }),
    ("a base", { $0.runtime.baseDigest = .of([1]) }),
    ("a commit", { $0.lineage.git = Lineage.GitCommit(commit: "c0ffee", branch: nil, remote: nil, dirty: false) }),
    ("another image", { $0.image.digest = .of([1]) }),
    ("another size of the image", { $0.image.size += 1 }),
    (
      "a base's layers where there is no base", { for index in $0.layers.indices { $0.layers[index].role = "runtime" } }
    ),
  ]

  @Test("a record that contradicts its image is left out and reported, in any order", arguments: [true, false])
  func contradicting(_ isFirst: Bool) async throws {
    if !isFirst { try await push() }
    for (_, change) in Self.contradictions {
      var record = version.record
      change(&record)
      try await stranger.record(record, of: version.record.image)
    }
    if isFirst { try await push() }
    let notes = Notes()
    let session = elsewhere("other", notes)
    let pulled = try await PullVersion(destination, in: session).run().version
    #expect(pulled.bytes == version.bytes && pulled.artifact.digest == version.artifact.digest)
    #expect(notes.texts.count { $0.hasPrefix("skipped ") && $0.contains(": ") } == 10)
    #expect(notes.texts.last == "skipped \(Self.contradictions.count - 10) more that the registry lists")
    #expect(try await session.openRegistry().fsck().problems == [])
  }

  @Test("if such a record is the only one, nothing is pulled", arguments: contradictions.indices)
  func alone(_ index: Int) async throws {
    let (what, change) = Self.contradictions[index]
    var record = version.record
    change(&record)
    let remote = try project.session.repository(destination)
    _ = try await copy(version.record.image, from: project.registry().store, to: remote)
    try await remote.tag(version.record.image, as: "1.0.0")
    try await stranger.record(record, of: version.record.image)
    let session = elsewhere()
    let error = await #expect(throws: FlowError.self, "\(what)") {
      try await PullVersion(destination, in: session).run()
    }
    #expect(error?.category == .verification, "\(what)")
    #expect((try? session.openRegistry().models()) ?? [] == [])
    // The registry does not adopt it in any other way either.
    let other = try session.createRegistry()
    _ = try await copy(version.record.image, from: project.registry().store, to: other.store)
    let bytes = try CanonicalJSON.encodePretty(record)
    #expect(throws: (any Error).self, "\(what)") {
      try other.adopt(bytes, artifact: version.artifact, by: project.session.author)
    }
  }

  @Test(
    "two different records that match are a conflict that names both, and the user chooses one",
    arguments: ["roles", "metrics", "created", "tool"])
  func conflict(_ what: String) async throws {
    var record = version.record
    switch what {
    case "roles": for index in record.layers.indices { record.layers[index].role = "environment" }
    case "metrics": record.lineage.metrics = .object(["auc": .number(0.99)])
    case "created": record.created = "2020-01-01T00:00:00Z"
    default: record.tool += " "
    }
    try await stranger.record(record, of: version.record.image)
    try await push()
    let error = await #expect(throws: FlowError.self) { try await PullVersion(destination, in: elsewhere()).run() }
    #expect(error?.category == .verification)
    let digests = [version.recordDigest, Digest.of(try CanonicalJSON.encodePretty(record))]
    for digest in digests { #expect(error?.reason.contains("\(digest)") == true) }
    var pull = PullVersion(destination, in: elsewhere())
    pull.chosenRecord = version.recordDigest
    #expect(try await pull.run().version.bytes == version.bytes)
    pull.chosenRecord = .of([1])
    let none = await #expect(throws: FlowError.self) { try await pull.run() }
    #expect(none?.category == .notFound)
  }

  @Test("the same record under different manifests is not a conflict, and everybody who pulls gets the same artifact")
  func doubled() async throws {
    for text in ["a", "b"] {
      try await stranger.record(version.record, of: version.record.image, annotations: ["x": text])
    }
    try await push()
    let pulled = try await PullVersion(destination, in: elsewhere()).run().version
    #expect(pulled.bytes == version.bytes && pulled.artifact.digest == version.artifact.digest)
  }

  @Test("a record artifact with additional blobs is left out")
  func baggage() async throws {
    let blob = try await stranger.put(Array("anything".utf8), .layerTar)
    let record = try await stranger.put(try CanonicalJSON.encodePretty(version.record), RecordArtifact.artifactType)
    try await stranger.put(
      Manifest.Content(
        artifactType: RecordArtifact.artifactType, config: .emptyConfig, layers: [record, blob],
        subject: version.record.image.withoutAnnotations))
    try await push()
    let pulled = try await PullVersion(destination, in: elsewhere()).run().version
    #expect(pulled.artifact.digest == version.artifact.digest)
    #expect(try !elsewhere().openRegistry().store.has(blob))
  }

  @Test("a record that declares the model a base or wheel layer hides nothing from a scan")
  func roles() async throws {
    for role in ["runtime", "environment"] {
      let evil = try Project.model("cos\nsystem\n(S'id'\ntR.")
      try evil.directory.write("p/lib/settings.py", "KEY = 'AKIA" + "Q3EGRWZTV7UXKLMP'\n")
      let made = try await evil.package().version
      let place = try Reference(parsing: "\(server.host)/evil/\(role):1")
      let remote = try evil.session.repository(place)
      _ = try await copy(made.record.image, from: evil.registry().store, to: remote)
      // An image does not have to name its base.
      let own = try await remote.manifest(made.record.image).content
      let image = try await Stranger(remote: remote).put(
        Manifest.Content(config: own.config, layers: own.layers), as: "1")
      var record = made.record
      record.image = image
      record.artifacts = nil
      for index in record.layers.indices { record.layers[index].role = role }
      try await Stranger(remote: remote).record(record, of: image)
      let session = elsewhere(role)
      let pulled = try await PullVersion(place, in: session).run().version
      let report = try await ScanVersion(pulled, in: session).run(session.openRegistry())
      #expect(report.findings.contains { $0.path == "models/weights.bin" && $0.level == .error }, "\(role)")
      #expect(report.findings.contains { $0.rule == .secret }, "\(role)")
    }
  }
}
