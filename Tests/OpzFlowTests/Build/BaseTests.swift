import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzRegistryKit
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Base images, with the real docker-registry")
struct BaseTests {
  /// A registry with a base image of one layer as `bases/small:1`.
  private func base(_ content: String, _ server: RegistryServer, tag: String = "1") async throws -> VersionRecord {
    let project = try Project.model(content)
    return try await project.package { $0.push = "\(server.host)/bases/small:\(tag)" }.version.record
  }

  private func custom(_ base: String) throws -> Project {
    let project = try Project()
    try project.directory.write("p/model.bin", "m")
    try project.directory.write("p/assets/data.txt", "asset", mode: 0o600)
    try project.directory.write("p/assets/bin/run", "#!/bin/sh\n", mode: 0o755)
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: custom
      model: {path: model.bin}
      runtime: {kind: custom, base: "\(base)", command: [/opt/assets/bin/run]}
      files: [{path: assets, to: /opt/assets, owner: "1000:2000", mode: "0750"}, {path: assets/data.txt, to: /srv/}]

      """)
    return project
  }

  @Test(
    "a base on Docker Hub is found by each spelling of its name",
    arguments: ["docker.io/small:1", "index.docker.io/library/small:1"])
  func dockerHub(_ name: String) async throws {
    let hub = try DockerHubServer()
    func onHub(_ project: Project) -> Project {
      var changed = project
      changed.session.environment.merge(hub.environment) { $1 }
      return changed
    }
    let base = try await onHub(Project.model("base")).package { $0.push = "docker.io/library/small:1" }.version.record
    let project = try onHub(custom(name))
    let version = try await project.package().version
    #expect(version.record.runtime.baseDigest == base.image.digest)
    let layers = version.record.layers.filter { $0.role == "runtime" }
    #expect(layers.map(\.descriptor.digest) == base.layers.map(\.descriptor.digest))
    #expect(layers.allSatisfy { $0.origin == "docker.io/library/small" }, "\(layers.map(\.origin))")
    #expect(hub.targets == ["registry-1.docker.io:443", "auth.docker.io:443"])
    for call in hub.calls where call.host == "registry-1.docker.io" && call.target != "/v2/" {
      #expect(call.target.hasPrefix("/v2/library/small/"), "\(call)")
    }
    // The layers of the base are fetched from there when their bytes are needed.
    let layout = project.directory.path.appending("layout")
    let reference = try LocalReference(parsing: version.record.reference)
    _ = try await CopyImage(.version(reference), to: .layout(layout, tag: "1"), in: project.session).run()
    let copied = try LayoutStore.open(layout)
    for layer in layers { #expect(try copied.has(layer.descriptor)) }
    hub.stop()
  }

  @Test("a base's layers are referenced, and fetched only when their bytes are needed")
  func referenced() async throws {
    let server = try RegistryServer()
    let base = try await base("one", server)
    let project = try custom("\(server.host)/bases/small:1")
    let version = try await project.package().version
    let registry = try project.registry()
    let layers = version.record.layers.filter { $0.role == "runtime" }
    #expect(layers.map(\.descriptor.digest) == base.layers.map(\.descriptor.digest))
    for layer in layers {
      #expect(layer.origin == "\(server.host)/bases/small")
      #expect(try !registry.store.has(layer.descriptor))
    }
    let report = try await registry.fsck()
    #expect(report.problems == [] && report.elsewhere == layers.count)

    // To another registry, the layers stream through this machine without being stored on it.
    let other = try RegistryServer()
    _ = try await PushVersion(
      version, to: Reference(parsing: "\(other.host)/crm/custom:1"), in: project.session
    ).run(registry)
    for layer in layers { #expect(try !registry.store.has(layer.descriptor)) }
    let copied = try ChildProcess.run([
      "skopeo", "copy", "--src-tls-verify=false", "docker://\(other.host)/crm/custom:1",
      "oci:\(project.directory.path)/back:1",
    ])
    #expect(copied.status == 0, "\(copied.errorText)")

    _ = try await project.package { $0.outputs = ["docker-archive:custom.tar", "oci:layout:1"] }
    let inspected = try ChildProcess.run([
      "skopeo", "inspect", "docker-archive:\(project.directory.path)/custom.tar",
    ])
    #expect(inspected.status == 0, "\(inspected.errorText)")
  }

  @Test("files go where opz.yaml says, with owner and mode, and the Dockerfile gives the same image")
  func placed() async throws {
    let project = try custom("scratch")
    let version = try await project.package { $0.outputs = ["oci:layout:1"] }.version
    let context = project.directory.path.appending("context")
    let text = try await DockerfileExport(version, in: project.session).write(to: context, from: project.registry())
    #expect(text.contains("ADD [\"layers/1-files.tar\", \"/\"]"))
    let unpacked = try ChildProcess.run([
      "tar", "-tvf", context.appending("layers/1-files.tar").string, "--numeric-owner",
    ])
    let lines = unpacked.text.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      return "\(words[0]) \(words[1]) \(words[5])"
    }
    #expect(
      lines == [
        "drwxr-xr-x 0/0 opt/", "drwxr-x--- 1000/2000 opt/assets/", "drwxr-x--- 1000/2000 opt/assets/bin/",
        "-rwxr-x--- 1000/2000 opt/assets/bin/run", "-rwxr-x--- 1000/2000 opt/assets/data.txt", "drwxr-xr-x 0/0 srv/",
        "-rw-r--r-- 0/0 srv/data.txt",
      ])
  }

  @Test("opz.lock pins a base when its tag moves, until the lock is updated")
  func locked() async throws {
    let server = try RegistryServer()
    let first = try await base("one", server)
    let name = "\(server.host)/bases/small:1"
    let project = try custom(name)
    let pins = try await LockProject(project.path, update: false, in: project.session).run()
    #expect(pins.map(\.digest) == [first.image.digest] && pins[0].previous == nil)
    let second = try await base("two", server)
    #expect(second.image.digest != first.image.digest)
    #expect(try await project.package().version.record.runtime.baseDigest == first.image.digest)
    #expect(
      try await LockProject(project.path, update: false, in: project.session).run()[0].digest == first.image.digest)
    let moved = try await LockProject(project.path, update: true, in: project.session).run()
    #expect(moved[0].digest == second.image.digest && moved[0].previous == first.image.digest)
    let version = try await project.package().version.record
    #expect(version.runtime.baseDigest == second.image.digest && version.version == "1.0.1")
    try project.directory.write("p/opz.lock", "{\"opz\": 2, \"bases\": {}}")
    let error = await #expect(throws: PackageError.self) { try await project.package() }
    #expect(error?.code == .badLock)
  }

  @Test("rebase gives the same image as packaging on the other base")
  func rebased() async throws {
    let server = try RegistryServer()
    _ = try await base("one", server)
    _ = try await base("two", server, tag: "2")
    let project = try custom("\(server.host)/bases/small:1")
    let old = try await project.package().version
    let registry = try project.registry()
    let result = try await RebaseVersion(old, onto: "\(server.host)/bases/small:2", in: project.session).run(registry)
    let record = result.version.record
    #expect(!result.existed && record.version == "1.0.1" && record.lineage.parent == "custom@1.0.0")
    #expect(record.runtime.base == "\(server.host)/bases/small:2")
    let packaged = try await project.package { $0.overrides = ["runtime.base=\"\(server.host)/bases/small:2\""] }
    #expect(packaged.existed && packaged.version.version == result.version.version)
    let manifest = try await registry.store.image(record.image).manifest
    #expect(
      manifest.content.annotations?["org.opencontainers.image.base.digest"] == record.runtime.baseDigest?.description)
    let again = try await RebaseVersion(old, onto: "\(server.host)/bases/small:1", in: project.session).run(registry)
    #expect(again.existed && again.version.version == old.version)
    #expect(try await registry.fsck().problems == [])
  }

  @Test("a docker archive can be a base: from opz, docker or podman", arguments: ["opz", "skopeo", "gzip"])
  func archive(tool: String) async throws {
    let small = try Project.model("base")
    let base = try await small.package { $0.outputs = ["docker-archive:base.tar", "oci:layout:1"] }.version.record
    let project = try custom("docker-archive:base.tar")
    let (from, to) = (small.directory.path, project.path.appending("base.tar"))
    switch tool {
    case "opz": _ = try ChildProcess.run(["cp", from.appending("base.tar").string, to.string])
    // skopeo writes the same as docker save: uncompressed layers, named by their diffIDs.
    case "skopeo":
      let copied = try ChildProcess.run([
        "skopeo", "copy", "oci:\(from)/layout:1", "docker-archive:\(to):base:1",
      ])
      try #require(copied.status == 0, "\(copied.errorText)")
    default:
      try Durable.replace(to, with: [0x1f, 0x8b, 8, 0, 0, 0])
      let cut = await #expect(throws: FlowError.self) { try await project.package() }
      #expect(cut?.description.contains("the base docker-archive:base.tar: ") == true, "\(cut?.description ?? "")")
      return
    }
    let record = try await project.package().version.record
    #expect(record.layers.filter { $0.role == "runtime" }.map(\.diffID) == base.layers.map(\.diffID))
    #expect(try await project.registry().fsck().problems == [])
  }
}
