import OpzIO
import OpzOCI
public import OpzStore

/// The conformance suite for a `ContentStore` that is also a `TagStore`. A check that fails throws `Violation`.
public struct ContentStoreConformance<Store: ContentStore & TagStore>: Sendable {
  /// A rule that the store breaks.
  public struct Violation: Error, CustomStringConvertible {
    public let description: String
  }

  private let store: Store

  /// - Parameter store: an empty store.
  public init(_ store: Store) { self.store = store }

  /// Runs all checks against the store, with the same random contents each time.
  /// - Throws: `Violation` for the first rule that the store breaks.
  public func run() async throws {
    var random = SeededGenerator(seed: 0x5eed)
    for size in [0, 1, 4095, 70_000, 1 << 20] { try await roundTrip(random.bytes(size)) }
    try await missing(random.bytes(10))
    try await wrongBytes(random.bytes(1000))
    try await documentsAndTags(random.bytes(200))
    try await parallelPuts(random.bytes(300_000))
  }

  // Stored content is read back, as a whole and from the middle; a second put changes nothing.
  private func roundTrip(_ bytes: [UInt8]) async throws {
    let descriptor = Descriptor.of(bytes, .layerTar)
    try check(try await !store.contains(descriptor), "\(bytes.count) bytes are there before they are put")
    try await store.put(descriptor, from: BytesBlob(bytes))
    try await store.put(descriptor, from: BytesBlob(bytes))
    try check(try await store.contains(descriptor), "\(bytes.count) bytes are not there after they were put")
    let blob = try await store.blob(descriptor)
    try check(blob.size == UInt64(bytes.count), "the blob's size is \(blob.size), not \(bytes.count)")
    try check(try await read(blob, from: 0) == bytes, "\(bytes.count) bytes came back as others")
    for offset in Set([bytes.count / 2, bytes.count]) {
      let tail = try await read(blob, from: UInt64(offset))
      try check(tail == Array(bytes[offset...]), "\(bytes.count) bytes from \(offset) on came back as others")
    }
  }

  private func missing(_ bytes: [UInt8]) async throws {
    let blob = Descriptor.of(bytes, .layerTar)
    try await expect(.notFound, "a blob that is not there") { try await read(try await store.blob(blob), from: 0) }
    let document = Descriptor.of(bytes, .imageManifest)
    try check(try await !store.contains(document), "a document is there that nobody put")
    try await expect(.notFound, "a tag that is not there") { try await store.resolve("absent") }
    try await expect(.notFound, "the tagging of what is not there") { try await store.tag(document, as: "absent") }
  }

  private func wrongBytes(_ bytes: [UInt8]) async throws {
    let descriptor = Descriptor.of(bytes, .layerTar)
    var other = bytes
    other[500] ^= 1
    let wrong = other
    try await expect(.verification, "other bytes than announced") {
      try await store.put(descriptor, from: BytesBlob(wrong))
    }
    try await expect(.verification, "fewer bytes than announced") {
      try await store.put(descriptor, from: BytesBlob(Array(bytes.dropLast())))
    }
    try check(try await !store.contains(descriptor), "bytes are there that were refused")
    try await store.put(descriptor, from: BytesBlob(bytes))
  }

  private func documentsAndTags(_ bytes: [UInt8]) async throws {
    let layer = Descriptor.of(bytes, .layerTar)
    let config = Descriptor.of(Array("{}".utf8), .empty)
    try await store.put(layer, from: BytesBlob(bytes))
    try await store.put(config, from: BytesBlob(Array("{}".utf8)))
    let first = try Manifest(.init(config: config, layers: [layer]))
    let second = try Manifest(.init(config: config, layers: [layer], annotations: ["n": "2"]))
    for manifest in [first, second] {
      try await store.put(manifest.descriptor, from: BytesBlob(manifest.raw))
      try await store.tag(manifest.descriptor, as: "newest")
      let found = try await store.resolve("newest")
      try check(found.digest == manifest.descriptor.digest, "a tag names another manifest than it was given")
      try check(found.size == manifest.descriptor.size, "a tag's descriptor has another size")
      try check(try await store.manifest(found).raw == manifest.raw, "a manifest came back as other bytes")
    }
  }

  private func parallelPuts(_ bytes: [UInt8]) async throws {
    let descriptor = Descriptor.of(bytes, .layerTar)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { try await store.put(descriptor, from: BytesBlob(bytes)) } }
      try await group.waitForAll()
    }
    try check(try await read(try await store.blob(descriptor), from: 0) == bytes, "parallel puts spoil a blob")
  }

  private func read(_ blob: any Blob, from offset: UInt64) async throws -> [UInt8] {
    try await blocking {
      let source = try blob.open(at: offset)
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 50_000)
      while true {
        let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
        if count == 0 { return all }
        all += buffer.prefix(count)
      }
    }
  }

  private func expect<Value>(
    _ category: ErrorCategory, _ what: String, body: () async throws -> Value
  ) async throws {
    do {
      _ = try await body()
    } catch let error as any ExplainedError {
      try check(error.category == category, "\(what) is an error of category \(error.category): \(error)")
      return
    }
    throw Violation(description: "\(what) is no error")
  }

  private func check(_ holds: Bool, _ violation: String) throws {
    if !holds { throw Violation(description: violation) }
  }
}
