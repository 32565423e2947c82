import OpzFlow
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@Suite("opz package")
struct PackageTests {
  @Test("the image of a model has golden digests")
  func golden() async throws {
    let project = try Project.model()
    let record = try await project.package().version.record
    #expect(record.layers.map(\.role) == ["model", "code", "config"])
    #expect(
      record.layers.map(\.diffID.description) == [
        "sha256:594e586f17dd0304407d5b1a0410338dddaf25f6caa464ad0d09b6040cf35444",
        "sha256:4449ef9dd6741f1a582a761a8232a367b765902261f9b4fcdfdaf2c16cba4ab2",
        "sha256:f7b94c11f038625409838457bff1a57fa98115d05edf6b323b75730848b9ff9d",
      ])
    #expect(record.content.description == "sha256:fbd8797cd2fd7656a1d833553d178961f27a9a1b0806aca835733d8c8b1f22e8")
    #expect(
      record.image.digest.description == "sha256:bfc40f7e9935bc7bea87f46029584fc41604b9dc2b5cec4a81c9af044293e003")
  }

  @Test("modes, times, creation order and the directory's location do not change the image")
  func deterministic() async throws {
    let one = try await Project.model().package().version.record
    let project = try Project.model()
    for (name, mode) in [("weights.bin", "600"), ("lib", "700"), ("lib/code.py", "711"), ("config.json", "664")] {
      let path = project.path.appending(name).string
      let result = try ChildProcess.run(["sh", "-c", "chmod \(mode) \(path) && touch -d 2001-02-03 \(path)"])
      #expect(result.status == 0)
    }
    let two = try await project.package().version.record
    #expect(one.image == two.image)
    #expect(one.files == two.files)
  }

  @Test(
    "SOURCE_DATE_EPOCH is the image's time, and a wrong one is an error",
    arguments: ["", "1.5", "-1", "abc", "99999999999999999999"])
  func epoch(wrong: String) async throws {
    var project = try Project.model()
    project.session.environment["SOURCE_DATE_EPOCH"] = "1700000000"
    let registry = try project.session.createRegistry()
    let image = try await registry.store.image(try await project.package().version.record.image)
    #expect(image.config.created == "2023-11-14T22:13:20Z")
    project.session.environment["SOURCE_DATE_EPOCH"] = wrong
    let failing = project
    let error = await #expect(throws: PackageError.self) { try await failing.package() }
    #expect(error?.category == .usage)
  }

  @Test("the same content returns its version; different content gets the right next number")
  func versions() async throws {
    let project = try Project.model()
    #expect(try await project.package().version.record.version == "1.0.0")
    let again = try await project.package()
    #expect(again.existed && again.version.record.version == "1.0.0")
    try project.directory.write("p/config.json", "{\"a\": 1}\n")
    #expect(try await project.package().version.record.version == "1.1.0")
    #expect(try await project.package { $0.overrides = ["env={A: \"1\"}"] }.version.record.version == "1.1.1")
    // Back to the first content: it is still 1.0.0.
    try project.directory.write("p/config.json", "{}\n")
    #expect(try await project.package().version.record.version == "1.0.0")
    let events = try project.registry().log(ModelName("crm/weights")).entries().map(\.event)
    #expect(events.map(\.kind) == [.packaged, .repackaged, .packaged, .packaged, .repackaged])
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("different content under an existing version is refused with a number that would work")
  func taken() async throws {
    let project = try Project.model(yaml: "version: 1.0.0")
    _ = try await project.package()
    try project.directory.write("p/weights.bin", "other weights")
    let error = await #expect(throws: RegistryError.self) { try await project.package() }
    #expect(error?.category == .conflict)
    #expect(error?.hint?.contains("opz package --version 1.1.0") == true)
    #expect(try await project.package { $0.version = "1.1.0" }.version.record.version == "1.1.0")
  }

  @Test("secrets and clutter are left out and named; files that opz.yaml names are included")
  func secrets() async throws {
    let project = try Project.model(yaml: "env: {A: b}")
    for name in [".env", ".env.local", "key.pem", "id_rsa", ".git/config", "__pycache__/x.pyc", "ok.py"] {
      try project.directory.write("p/lib/\(name)", "secret")
    }
    let result = try await project.package()
    let packaged = result.version.record.files.filter { $0.role == "code" }.map(\.path)
    #expect(packaged == ["/app/lib/code.py", "/app/lib/ok.py"])
    #expect(result.ignored.count == 6)
  }

  @Test(
    "a link out of the project is refused, a link inside it stays a link",
    arguments: ["/etc/passwd", "../../outside", "nowhere", "../.."])
  func links(target: String) async throws {
    let project = try Project.model()
    try project.directory.write("outside", "x")
    func link(_ target: String, _ name: String) throws {
      let result = try ChildProcess.run(["ln", "-s", target, project.path.appending(name).string])
      #expect(result.status == 0)
    }
    try link("code.py", "lib/inside.py")
    let files = try await project.package().version.record.files
    #expect(files.first { $0.path == "/app/lib/inside.py" }?.link == "code.py")
    try link(target, "lib/bad")
    let error = await #expect(throws: PackageError.self) { try await project.package() }
    #expect(error?.code == .unsafePath)
    #expect(try project.registry().versions(ModelName("crm/weights")).count == 1)
  }

  @Test("a missing file is an error with file, line and key, and nothing is created")
  func missing() async throws {
    let project = try Project.model(yaml: "lineage: {data: [nothing.csv]}")
    let error = await #expect(throws: ConfigError.self) { try await project.package() }
    #expect(
      error?.description.contains("opz.yaml:7: lineage.data.0: nothing.csv does not exist") == true,
      "\(String(describing: error))")
    #expect(error?.category == .notFound)
    #expect(try FileStatus.find(project.directory.path.appending("registry")) == nil)
    let empty = try Project()
    let absent = await #expect(throws: ConfigError.self) { try await empty.package() }
    #expect(absent?.category == .notFound && absent?.hint?.contains("opz.yaml or a model") == true)
    try empty.directory.write("p/notes.txt", "")
    let none = await #expect(throws: ConfigError.self) { try await empty.package() }
    #expect(none?.hint?.contains("opz init") == true)
  }

  @Test(
    "a native model that is damaged is refused before anything is recorded",
    arguments: ["", "{", "{\"learner\":{}}", "PK"])
  func damaged(text: String) async throws {
    let project = try Project.churn()
    try project.directory.write("p/model.json", text)
    await #expect(throws: (any Error).self) { try await project.package() }
    #expect(try FileStatus.find(project.directory.path.appending("registry")) == nil)
  }

  @Test("OCI tools read the image: skopeo, umoci")
  func outputs() async throws {
    let project = try Project.model()
    let digest = try await project.package {
      $0.outputs = ["oci:layout", "oci:named:v1", "docker-archive:image.tar"]
      $0.tags = ["a", "b"]
    }.version.record.image.digest
    let place = project.directory.path
    for (source, name) in [
      ("oci:\(place)/layout:a", "a"), ("oci:\(place)/layout:b", "b"), ("oci:\(place)/named:v1", "v1"),
    ] {
      let raw = try ChildProcess.run(["skopeo", "inspect", "--raw", source])
      #expect(Digest.of(raw.output) == digest, "\(name): \(raw.errorText)")
    }
    let archive = try ChildProcess.run(["skopeo", "inspect", "docker-archive:\(place)/image.tar:crm/weights:a"])
    #expect(archive.status == 0, "\(archive.errorText)")
    let unpacked = try ChildProcess.run([
      "umoci", "unpack", "--rootless", "--image", "\(place)/layout:a", "\(place)/bundle",
    ])
    #expect(unpacked.status == 0, "\(unpacked.errorText)")
    let file = place.appending("bundle/rootfs/models/weights.bin")
    #expect(try FileBlob(file).bytes() == Array("weights".utf8))
    let status = try FileStatus.of(place.appending("bundle/rootfs/app/lib/code.py"))
    #expect(status.mode & 0o777 == 0o755)
  }

  @Test("a custom runtime keeps the layers and settings of its base, and adds its own")
  func custom() async throws {
    let project = try Project.model()
    let base = try await project.package { $0.outputs = ["oci:base:1"] }.version.record
    try project.directory.write("q/model.bin", "m")
    try project.directory.write(
      "q/opz.yaml",
      """
      opz: 1
      name: custom
      model: {path: model.bin}
      runtime: {kind: custom, base: "oci:../base:1", command: [/app/lib/code.py, --port, "9000"], user: 1000, expose: 9000}
      env: {PATH: /bin, B: "2", A: "1"}
      """)
    let request = PackageRequest(project: project.directory.path.appending("q"))
    let record = try await PackageProject(request, in: project.session).run().version.record
    #expect(record.layers.map(\.role) == ["runtime", "runtime", "runtime", "server", "model"])
    #expect(record.layers.prefix(3).map(\.descriptor.digest) == base.layers.map(\.descriptor.digest))
    #expect(record.runtime.baseDigest == base.image.digest)
    let execution = try await project.registry().store.image(record.image).config.config
    #expect(execution?.entrypoint == ["/opz-init", "/app/lib/code.py", "--port", "9000"])
    #expect(execution?.env == ["PATH=/bin", "A=1", "B=2"])
    #expect(execution?.user == "1000")
    #expect(execution?.exposedPorts?.keys.sorted() == ["9000/tcp"])
  }

  @Test("a file that changes while it is read is an error, and no version is recorded")
  func changing() async throws {
    let project = try Project.model()
    try project.directory.write("p/weights.bin", String(repeating: "x", count: 1000))
    var tree = SourceTree(project: project.path)
    try tree.add(model: "weights.bin")
    try project.directory.write("p/weights.bin", String(repeating: "y", count: 1000))
    let registry = try project.session.createRegistry()
    let builder = ImageBuilder(
      store: registry.store, cache: LayerCache(registry.root.appending("cache"), store: registry.store),
      progress: NoProgress())
    let error = await #expect(throws: PackageError.self) { try await builder.write(PlannedLayer.plan(tree.files)) }
    #expect(error?.code == .changedWhileRead)
    #expect(try project.directory.tree().filter { $0.contains("blobs/sha256/") } == [])
  }

  @Test("a full disk is reported before anything is written, and nothing is left behind")
  func diskFull() async throws {
    let project = try Project.model()
    let place = project.directory.path.appending("small")
    try Durable.makeDirectory(place)
    let mount = try ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place.string])
    try #require(mount.status == 0, "mounting a tmpfs needs root: \(mount.errorText)")
    defer { _ = try? ChildProcess.run(["umount", place.string]) }
    let made = try ChildProcess.run(["sh", "-c", "head -c 70000000 /dev/urandom > \(project.path)/weights.bin"])
    #expect(made.status == 0)
    var session = project.session
    session.registryPath = place.appending("registry")
    let error = await #expect(throws: StoreError.self) {
      try await PackageProject(PackageRequest(project: project.path), in: session).run()
    }
    #expect(error?.code == .noSpace)
    #expect(error?.hint != nil)
    let left = try ChildProcess.run(["find", place.appending("registry/blobs").string, "-type", "f"])
    #expect(left.text == "")
  }
}
