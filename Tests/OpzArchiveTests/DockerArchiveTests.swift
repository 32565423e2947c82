import OpzArchive
import OpzIO
import OpzOCI
import SystemPackage
import Testing

@Suite struct DockerArchiveTests {
  private struct Image {
    let manifest: Manifest
    let blobs: [Digest: [UInt8]]
    let diffID: Digest

    init() throws {
      var sink = MemorySink()
      let content = try LayerContent([.file("models/m.json", BytesBlob(Array("{}".utf8)))])
      let written = try LayerWriter.write(content, .gzip, to: &sink)
      diffID = written.diffID
      let json = """
        {"architecture":"amd64","config":{},"os":"linux","rootfs":{"diff_ids":["\(written.diffID)","\(written.diffID)"],"type":"layers"}}
        """
      let config = Descriptor.of(Array(json.utf8), .imageConfig)
      manifest = try Manifest(Manifest.Content(config: config, layers: [written.descriptor, written.descriptor]))
      blobs = [config.digest: Array(json.utf8), written.digest: sink.bytes]
    }

    func write(_ tags: [String]) throws -> [UInt8] {
      var sink = MemorySink()
      try DockerArchive.write(manifest, tags: tags, to: &sink) { BytesBlob(blobs[$0.digest] ?? []) }
      return sink.bytes
    }
  }

  @Test func hasWhatOldAndNewEnginesRead() throws {
    let image = try Image()
    let bytes = try image.write(["churn:1.0.0", "registry.example/crm/churn:latest"])
    #expect(
      try DockerArchive.size(image.manifest, tags: ["churn:1.0.0", "registry.example/crm/churn:latest"]) == bytes.count)
    let stack = LayerStack([layer(bytes)])
    let tree = try stack.tree()
    for descriptor in [image.manifest.descriptor] + image.manifest.references {
      let path = FilePath("blobs/sha256/\(descriptor.digest.hex)")
      #expect(tree[path]?.digest == descriptor.digest && tree[path]?.size == descriptor.size)
    }
    let config = image.manifest.content.config.digest.hex
    let layerPath = "blobs/sha256/\(image.manifest.content.layers[0].digest.hex)"
    #expect(
      String(decoding: try stack.bytes("manifest.json"), as: UTF8.self)
        == #"[{"Config":"blobs/sha256/\#(config)","Layers":["\#(layerPath)","\#(layerPath)"],"#
        + #""RepoTags":["churn:1.0.0","registry.example/crm/churn:latest"]}]"#)
    #expect(String(decoding: try stack.bytes("oci-layout"), as: UTF8.self) == #"{"imageLayoutVersion":"1.0.0"}"#)
    let index = try Index(raw: try stack.bytes("index.json"), subject: "index.json")
    #expect(
      index.content.manifests.map(\.digest) == [image.manifest.descriptor.digest, image.manifest.descriptor.digest])
    #expect(
      index.content.manifests.map { $0.annotations?["io.containerd.image.name"] ?? "" } == [
        "docker.io/library/churn:1.0.0", "registry.example/crm/churn:latest",
      ])
    #expect(
      index.content.manifests.map { $0.annotations?["org.opencontainers.image.ref.name"] ?? "" } == ["1.0.0", "latest"])
    #expect(try image.write(["a:1"]) == image.write(["a:1"]))
  }

  /// skopeo reads it in docker's format and, when unpacked, as an OCI layout.
  @Test func skopeoReadsIt() throws {
    let image = try Image()
    try withDirectory { (directory) throws in
      let archive = directory.appending("a.tar")
      let layout = directory.appending("layout")
      try OpzArchiveTests.write(try image.write(["churn:1.0.0"]), to: archive)
      _ = try run([
        "skopeo", "--insecure-policy", "copy", "docker-archive:\(archive)", "dir:\(directory.appending("d"))",
      ])
      let config = image.manifest.content.config.digest.hex
      #expect(try read(directory.appending("d").appending(config)) == image.blobs[image.manifest.content.config.digest])
      try LayerUnpacker().unpack(LayerStack([layer(try read(archive))]), into: layout)
      let seen = try run(["skopeo", "inspect", "--raw", "oci:\(layout):1.0.0"])
      #expect(Digest.of(Array(seen.utf8)) == image.manifest.descriptor.digest)
    }
  }

  @Test func withoutTags() throws {
    let image = try Image()
    let stack = LayerStack([layer(try image.write([]))])
    #expect(try Index(raw: try stack.bytes("index.json"), subject: "index.json").content.manifests.count == 1)
  }

  @Test func blobOfAnotherSize() throws {
    let image = try Image()
    var sink = MemorySink()
    #expect(
      code { try DockerArchive.write(image.manifest, tags: [], to: &sink) { _ in BytesBlob([1]) } } == .changed)
  }
}
