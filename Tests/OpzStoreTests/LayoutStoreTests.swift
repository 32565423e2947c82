import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzStore

@Suite("OCI layout")
struct LayoutStoreTests {
  let directory: TemporaryDirectory
  let store: LayoutStore

  init() throws {
    directory = try TemporaryDirectory()
    store = try LayoutStore.create(directory.path.appending("layout"))
  }

  @Test("other tools read a new layout")
  func empty() throws {
    #expect(
      try directory.tree() == [
        "layout", "layout/blobs", "layout/blobs/sha256", "layout/index.json", "layout/oci-layout",
      ])
    let result = try ChildProcess.run(["skopeo", "--version"])
    #expect(result.status == 0, "run scripts/test: it installs skopeo")
  }

  @Test("blobs are read-only, named by digest, and nothing else is left")
  func blob() async throws {
    let descriptor = try store.put(Array("hello".utf8), .imageConfig)
    let status = try FileStatus.of(store.path(of: descriptor.digest))
    #expect(status.mode == 0o444)
    #expect(try directory.tree().filter { $0.contains("sha256/") } == ["layout/blobs/sha256/\(descriptor.digest.hex)"])
  }

  @Test("an abandoned writer leaves nothing")
  func abandoned() throws {
    do {
      var writer = try store.ingest()
      try writer.write([UInt8](repeating: 1, count: 100))
    }
    #expect(try directory.tree().filter { $0.contains("sha256/") } == [])
  }

  @Test("a corrupt blob of the wrong size is reported, and replaced by a new copy")
  func damaged() async throws {
    let descriptor = try store.put(Array("hello".utf8), .imageConfig)
    try Durable.remove(store.path(of: descriptor.digest))
    try Durable.replace(store.path(of: descriptor.digest), with: Array("hell".utf8))
    await #expect(throws: StoreError.self) { try await store.blob(descriptor) }
    #expect(try !store.has(descriptor))
    try await store.put(descriptor, from: BytesBlob(Array("hello".utf8)))
    #expect(try await store.bytes(descriptor) == Array("hello".utf8))
  }

  @Test("more bytes than fit on the disk are refused before anything is written")
  func noSpace() throws {
    let error = #expect(throws: StoreError.self) { try store.ingest(expecting: 1 << 60) }
    #expect(error?.code == .noSpace)
    #expect(error?.hint != nil)
  }

  @Test("many concurrent tags are all kept")
  func manyTags() async throws {
    let manifest = try Manifest(Manifest.Content(config: .emptyConfig, layers: []))
    try store.put(manifest.raw, .imageManifest)
    let store = store
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 { group.addTask { try await store.tag(manifest.descriptor, as: "t\(number)") } }
      try await group.waitForAll()
    }
    #expect(try store.index().manifests.count == 40)
  }

  @Test("an index.json that would be too large to read is not written")
  func indexLimit() throws {
    let layout = try LayoutStore.create(try TemporaryDirectory().path.appending("layout"))
    let one = Index.Content(manifests: [.of([1], .imageManifest)])
    let size = try CanonicalJSON.encode(one).count
    #expect(try layout.encode(one, limit: size).count == size)
    let error = #expect(throws: StoreError.self) { try layout.encode(one, limit: size - 1) }
    #expect(error?.code == .tooLarge && error?.hint != nil)
  }

  @Test("a directory with other files in it is refused")
  func foreign() throws {
    try directory.write("other/file", "x")
    let error = #expect(throws: StoreError.self) { try LayoutStore.create(directory.path.appending("other")) }
    #expect(error?.code == .badLayout)
    #expect(throws: StoreError.self) { try LayoutStore.open(directory.path.appending("nothing")) }
  }

  @Test("copy transfers everything, children first, and skips what exists")
  func copying() async throws {
    let layer = try store.put([1, 2, 3], .layerTar)
    let config = try store.put(Array("{}".utf8), .imageConfig)
    let manifest = try Manifest(Manifest.Content(config: config, layers: [layer]))
    try store.put(manifest.raw, .imageManifest)
    let index = try Index(Index.Content(manifests: [manifest.descriptor]))
    try store.put(index.raw, .imageIndex)

    let target = MemoryStore()
    let first = try await copy(index.descriptor, from: store, to: target)
    #expect((first.copied, first.existed) == (4, 0))
    let second = try await copy(index.descriptor, from: store, to: target)
    #expect((second.copied, second.existed) == (0, 4))
    #expect(try await target.bytes(layer) == [1, 2, 3])
  }

  @Test("copying an image with a missing blob fails and leaves no manifest behind")
  func incomplete() async throws {
    let missing = Descriptor.of([9], .layerTar)
    let config = try store.put(Array("{}".utf8), .imageConfig)
    let manifest = try Manifest(Manifest.Content(config: config, layers: [missing]))
    try store.put(manifest.raw, .imageManifest)
    let target = MemoryStore()
    let error = await #expect(throws: StoreError.self) { try await copy(manifest.descriptor, from: store, to: target) }
    #expect(error?.category == .notFound)
    #expect(try await !target.contains(manifest.descriptor))
  }
}
