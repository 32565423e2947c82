import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import Testing

@Suite("Layers that are only at their urls")
struct NonDistributableTests {
  static let types = [
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ]

  @Test(
    "an image is copied without their bytes, which the source has not; bytes that it has come along", arguments: types)
  func copied(type: String) async throws {
    let (source, destination) = (MemoryStore(), MemoryStore())
    let own = Array("own layer".utf8)
    let ownLayer = Descriptor(mediaType: .layerTar, digest: .of(own), size: UInt64(own.count))
    try await source.put(ownLayer, from: BytesBlob(own))
    let elsewhere = Array("elsewhere".utf8)
    var foreign = Descriptor(mediaType: MediaType(type), digest: .of(elsewhere), size: UInt64(elsewhere.count))
    foreign.urls = ["https://layers.example/a"]
    let config = ImageConfig(platform: .linuxAMD64, created: nil, diffIDs: [foreign.digest, ownLayer.digest])
    let bytes = try CanonicalJSON.encode(config)
    let configuration = Descriptor(mediaType: .imageConfig, digest: .of(bytes), size: UInt64(bytes.count))
    try await source.put(configuration, from: BytesBlob(bytes))
    let manifest = try Manifest(Manifest.Content(config: configuration, layers: [foreign, ownLayer]))
    try await source.put(manifest.descriptor, from: BytesBlob(manifest.raw))

    _ = try await copy(manifest.descriptor, from: source, to: destination)
    #expect(try await destination.contains(manifest.descriptor))
    #expect(try await destination.contains(ownLayer))
    #expect(try await !destination.contains(foreign))
    #expect(try await destination.manifest(manifest.descriptor).content.layers[0].urls == foreign.urls)

    try await source.put(foreign, from: BytesBlob(elsewhere))
    _ = try await copy(manifest.descriptor, from: source, to: destination)
    #expect(try await destination.contains(foreign))
  }
}
