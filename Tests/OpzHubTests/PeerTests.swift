import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Other programs as clients.
@Suite("peers")
struct PeerTests {
  private func run(_ command: String...) async throws -> ChildProcess.Output {
    let output = try await blocking { try ChildProcess.run(command) }
    #expect(output.status == 0, "\(command.joined(separator: " ")): \(output.errorText)")
    return output
  }

  /// A layout with an image of two layers that a container engine can load.
  private func layout(_ directory: TemporaryDirectory) async throws -> (LayoutStore, Descriptor) {
    let store = try LayoutStore.create(directory.path.appending("layout"))
    var layers: [Descriptor] = []
    var ids: [String] = []
    for name in ["one", "two"] {
      let place = directory.path.appending(name)
      try directory.write("\(name)/file-\(name)", String(repeating: name, count: 50_000))
      _ = try await run("tar", "-cf", "\(place).tar", "-C", place.string, ".")
      let tar = try FileBlob(directory.path.appending("\(name).tar")).bytes()
      layers.append(try store.put(tar, .layerTar))
      ids.append("\"\(layers.last?.digest.description ?? "")\"")
    }
    let config =
      #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[\#(ids.joined(separator: ","))]},"config":{}}"#
    let descriptor = try store.put(Array(config.utf8), .imageConfig)
    let manifest = try Manifest(.init(config: descriptor, layers: layers))
    try store.put(manifest.raw, .imageManifest)
    try await store.tag(manifest.descriptor, as: "1.0.0")
    return (store, manifest.descriptor)
  }

  @Test("opz's own client passes the conformance suite of content stores")
  func ownClient() async throws {
    let hub = try await TestHub()
    let repository = try RemoteRepository(
      Reference(host: hub.host, repository: "team/model"), environment: [:], userAgent: "opz-tests/1")
    try await ContentStoreConformance(repository).run()
    #expect(try await hub.registry.fsck().problems == [])
  }

  @Test(
    "a signed, attested and scanned version is pulled from the hub with all attachments, and verifies")
  func versionWithAll() async throws {
    let hub = try await TestHub()
    let directory = try TemporaryDirectory()
    try directory.write("p/weights.bin", "weights")
    try directory.write("p/opz.yaml", "opz: 1\nname: weights\nmodel: {path: weights.bin}\nruntime: {kind: model}\n")
    try directory.write("predicate.json", #"{"a":1}"#)
    let program = try BuiltPrograms.opz().string
    func opz(_ registry: FilePath, _ words: String..., expecting status: Int32 = 0) async throws {
      let all = [program] + words + ["--registry", registry.string]
      let output = try await blocking {
        try ChildProcess.run(
          all, environment: ["HOME=\(directory.path)", "PATH=/usr/bin:/bin"], directory: directory.path)
      }
      #expect(output.status == status, "\(words): \(output.errorText)")
    }
    let here = hub.registry.root
    try await opz(here, "package", "p", "--version", "1.0.0")
    try await opz(here, "sign", "--generate-key", "k")
    try await opz(here, "sign", "weights@1.0.0", "--key", "k.key")
    try await opz(here, "sbom", "weights@1.0.0", "--attach")
    try await opz(here, "scan", "weights@1.0.0", "--attach")
    try await opz(
      here, "attest", "weights@1.0.0", "--type", "https://example.com/p", "--key", "k.key", "predicate.json")
    let there = directory.path.appending("there")
    try await opz(there, "pull", "\(hub.host)/weights:1.0.0")
    try await opz(there, "verify", "weights@1.0.0", "--key", "k.pub")
    try await opz(there, "verify", "weights@1.0.0", "--key", "k.pub", "--type", "https://example.com/p")
    let name = try ModelName("weights")
    let (from, to) = (try hub.registry.state(name), try Registry.open(there).state(name))
    let attached = { (state: ModelState) in Set(state.attachments.values.joined().map(\.descriptor.digest)) }
    #expect(attached(to) == attached(from) && attached(to).count >= 5)
  }

  @Test("skopeo pushes, lists, inspects, pulls and deletes")
  func skopeo() async throws {
    let hub = try await TestHub()
    let directory = try TemporaryDirectory()
    let (store, image) = try await layout(directory)
    let remote = "docker://\(hub.host)/team/model:1.0.0"
    _ = try await run(
      "skopeo", "--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false", "oci:\(store.root):1.0.0",
      remote)
    let raw = try await run("skopeo", "inspect", "--tls-verify=false", "--raw", remote)
    #expect(Digest.of(raw.output) == image.digest)
    #expect(
      try await run("skopeo", "list-tags", "--tls-verify=false", "docker://\(hub.host)/team/model").text.contains(
        "1.0.0"))
    let back = directory.path.appending("back")
    _ = try await run(
      "skopeo", "--insecure-policy", "copy", "--preserve-digests", "--src-tls-verify=false", remote, "oci:\(back):1.0.0"
    )
    #expect(try await LayoutStore.open(back).resolve("1.0.0").digest == image.digest)
    _ = try await run("skopeo", "delete", "--tls-verify=false", remote)
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/1.0.0").status == 404)
    #expect(try await hub.registry.fsck().problems == [])
  }

  @Test("podman pushes and pulls")
  func podman() async throws {
    let hub = try await TestHub()
    let directory = try TemporaryDirectory()
    let (store, _) = try await layout(directory)
    let name = "\(hub.host)/team/podman:1"
    let archive = directory.path.appending("archive.tar")
    _ = try await run(
      "skopeo", "--insecure-policy", "copy", "oci:\(store.root):1.0.0", "docker-archive:\(archive):\(name)")
    let engine = try PodmanEngine()
    let loaded = try await blocking { try engine.load(archive) }
    #expect(loaded == name)
    _ = try await run("podman", "push", "-q", "--tls-verify=false", name)
    _ = try await run("podman", "rmi", "-f", name)
    let pulled = try await run("podman", "pull", "-q", "--tls-verify=false", "docker://\(name)").text
    #expect(!pulled.isEmpty)
    _ = try await run("podman", "rmi", "-f", name)
    #expect(try await hub.registry.fsck().problems == [])
  }

  @Test("docker pushes and pulls")
  func docker() async throws {
    let hub = try await TestHub()
    let directory = try TemporaryDirectory()
    let (store, _) = try await layout(directory)
    let archive = directory.path.appending("archive.tar")
    let name = "\(hub.host)/team/docker:1"
    _ = try await run(
      "skopeo", "--insecure-policy", "copy", "oci:\(store.root):1.0.0", "docker-archive:\(archive):\(name)")
    let engine = try await DockerEngine()
    for command in [["load", "-i", archive.string], ["push", name], ["rmi", name], ["pull", name]] {
      let output = try await engine.docker(command)
      #expect(output.status == 0, "docker \(command): \(output.errorText)")
    }
    #expect(
      try await hub.ask("GET", "/v2/team/docker/manifests/1")["content-type"] == MediaType.dockerManifest.rawValue)
    #expect(try await hub.registry.fsck().problems == [])
  }
}
