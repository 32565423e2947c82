import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPackage

@Suite("Unchanged layers are not built twice")
struct CacheTests {
  /// A project whose files are old enough for their times to be trusted.
  private func project() throws -> Project {
    let project = try Project.model()
    try age(project)
    return project
  }

  private func age(_ project: Project) throws {
    // This also changes the ctimes, so the wait is only for the clock's granularity.
    _ = try ChildProcess.run(["sleep", "0.2"])
  }

  /// Which layers were written, and which existed.
  private func build(_ project: Project) async throws -> (built: Set<String>, reused: Set<String>, VersionRecord) {
    let recorder = Outcomes()
    var session = project.session
    session.progress = recorder
    let record = try await PackageProject(PackageRequest(project: project.path), in: session).run().version.record
    return (recorder.items(.done), recorder.items(.existed), record)
  }

  @Test("a layer is rebuilt only when something in it changed")
  func reuse() async throws {
    let project = try project()
    let first = try await build(project)
    #expect(first.built == ["models/weights.bin", "code (2 files)", "app/config.json"])
    let second = try await build(project)
    #expect(second.built == [] && second.reused == first.built)
    #expect(second.2.image.digest == first.2.image.digest)
    try project.directory.write("p/config.json", "{\"a\": 1}\n")
    let third = try await build(project)
    #expect(third.built == ["app/config.json"] && third.reused.count == 2)
    #expect(third.2.version == "1.1.0")
  }

  @Test("a fresh checkout of the same files is read once, and nothing is written")
  func checkout() async throws {
    let project = try project()
    let first = try await build(project)
    let other = try Project.model()
    try age(other)
    var moved = other
    moved.session.registryPath = project.session.registryPath
    let second = try await build(moved)
    #expect(second.built == [] && second.2.image.digest == first.2.image.digest)
  }

  @Test("a layer whose blob is missing is rebuilt with the same bytes")
  func lostBlob() async throws {
    let project = try project()
    let first = try await build(project)
    let layer = try #require(first.2.layers.first { $0.role == "code" })
    try Durable.remove(try project.registry().store.path(of: layer.descriptor.digest))
    let second = try await build(project)
    #expect(second.built == ["code (2 files)"] && second.2.image.digest == first.2.image.digest)
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("a corrupt cache changes no result, only the work")
  func garbage() async throws {
    let project = try project()
    let first = try await build(project)
    let cache = project.session.registryPath.appending("cache")
    for entry in try Directory.entries(cache.appending("layers")) {
      try Durable.replace(cache.appending("layers").appending(entry), with: Array("{\"x\":".utf8))
    }
    try Durable.replace(cache.appending("digests"), with: [1, 2, 3])
    let second = try await build(project)
    #expect(second.built == first.built && second.2.image.digest == first.2.image.digest)
  }

  @Test("layers that were complete before a failure are not rebuilt")
  func resumed() async throws {
    let project = try project()
    var tree = SourceTree(project: project.path)
    try tree.add(model: "weights.bin")
    try tree.add("lib", role: .code)
    try tree.add("config.json", role: .config)
    try project.directory.write("p/config.json", "changed in the meantime")
    let registry = try project.session.createRegistry()
    let recorder = Outcomes()
    let cache = LayerCache(registry.root.appending("cache"), store: registry.store)
    let builder = ImageBuilder(store: registry.store, cache: cache, progress: recorder)
    await #expect(throws: PackageError.self) { try await builder.write(PlannedLayer.plan(tree.files)) }
    #expect(recorder.items(.done) == ["models/weights.bin", "code (2 files)"])
    #expect(try await build(project).built == ["app/config.json"])
  }

  @Test(
    "a large file is its own layer, small model files share layers, and the order they are found in does not matter")
  func layers() throws {
    let status = try FileStatus.of("/etc/passwd")
    func file(_ name: String, _ mebibytes: UInt64, role: LayerRole = .model) -> SourceFile {
      SourceFile(
        role: role, in: "", name: nil, destination: FilePath(name), kind: .file(size: mebibytes << 20), mode: 0o644,
        status: status)
    }
    let files = [
      file("a", 60), file("b", 64), file("c", 60), file("d", 60), file("e", 60), file("f", 60),
      file("z", 1, role: .code),
    ]
    let expected = [["b"], ["a", "c", "d", "e"], ["f"], ["z"]]
    for _ in 0..<5 {
      let planned = PlannedLayer.plan(files.shuffled())
      #expect(planned.map { $0.source.files.map(\.destination.string) } == expected)
      #expect(planned.map(\.compression) == [.none, .gzip, .gzip, .gzip])
    }
    #expect(PlannedLayer.plan(files, compression: .zstd).map(\.compression) == [.none, .gzip, .gzip, .zstd])
  }
}

@Suite("opz plan")
struct PlanTests {
  @Test("shows what would be built and why, and what would be uploaded or skipped")
  func plan() async throws {
    let server = try RegistryServer()
    let project = try Project.model()
    _ = try ChildProcess.run(["sleep", "0.2"])
    let destination = try Reference(parsing: "\(server.host)/crm/weights")
    func plan() async throws -> PackagePlan {
      try await PlanProject(PackageRequest(project: project.path), to: destination, in: project.session).run()
    }
    let before = try await plan()
    #expect(before.layers.map(\.state) == [.built, .built, .built])
    #expect(before.layers.allSatisfy { $0.reason == "there is no version yet" })
    #expect(before.reads == 7 + 8 + 3 && before.fits)
    #expect(try project.registry().models().isEmpty)

    _ = try await project.package { $0.push = destination.description }
    let after = try await plan()
    #expect(after.layers.map(\.state) == [.reused, .reused, .reused])
    #expect(after.layers.map(\.transfer) == [.skipped, .skipped, .skipped])
    #expect((after.reads, after.writes, after.bytes(.uploaded)) == (0, 0, 0))

    try project.directory.write("p/lib/code.py", "print(1)\n", mode: 0o755)
    try project.directory.write("p/lib/new.py", "x")
    let changed = try await plan()
    #expect(changed.layers.map(\.state) == [.reused, .built, .reused])
    #expect(changed.layers[1].reason == "/app/lib/code.py changed since 1.0.0")
    #expect(changed.layers.map(\.transfer) == [.skipped, .uploaded, .skipped])
  }
}
