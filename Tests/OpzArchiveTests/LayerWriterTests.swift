import OpzArchive
import OpzIO
import OpzOCI
import SystemPackage
import Testing

@Suite struct LayerWriterTests {
  private static func content(_ seed: UInt64, _ sizes: [Int]) throws -> LayerContent {
    var random = Seeded(seed)
    return try LayerContent(
      sizes.enumerated().map { .file(FilePath("models/part-\($0)"), BytesBlob(random.bytes($1))) })
  }

  @Test(arguments: [[], [0], [1], [511, 512, 513], [1 << 20], [3 << 20, 5, 9 << 20], [20 << 20]] as [[Int]])
  func digestsAreThoseOfTheBytes(sizes: [Int]) throws {
    let content = try LayerWriterTests.content(7, sizes)
    let expected = try tar(content.entries)
    var plain = MemorySink()
    var advanced: UInt64 = 0
    let stored = try LayerWriter.write(content, .none, to: &plain) { advanced += $0 }
    #expect(plain.bytes == expected)
    #expect(stored.diffID == .of(expected) && stored.digest == stored.diffID)
    #expect(stored.size == UInt64(expected.count) && stored.tarSize == stored.size && advanced == stored.size)
    #expect(stored.descriptor.mediaType == .layerTar)

    var packed = MemorySink()
    let compressed = try LayerWriter.write(content, .gzip, to: &packed)
    #expect(packed.bytes == (try gzip(expected)))
    #expect(compressed.diffID == .of(expected) && compressed.digest == .of(packed.bytes))
    #expect(compressed.size == UInt64(packed.bytes.count) && compressed.tarSize == UInt64(expected.count))
    #expect(compressed.descriptor.mediaType == .layerTarGzip)
  }

  @Test(arguments: Compression.allCases, [0, 1, 3 << 20])
  func fullDisk(compression: Compression, room: Int) throws {
    let content = try LayerWriterTests.content(8, [30 << 20])
    var sink = FailingSink(left: room)
    #expect(throws: FailingSink.Full.self) { try LayerWriter.write(content, compression, to: &sink) }
  }

  @Test(arguments: Compression.allCases) func fileThatCannotBeRead(compression: Compression) throws {
    let content = try LayerContent([
      .file("a", BytesBlob([UInt8](repeating: 1, count: 20 << 20))), .file("b", FileBlob("/nonexistent/b", size: 10)),
    ])
    var sink = MemorySink()
    #expect(throws: IOFailure.self) { try LayerWriter.write(content, compression, to: &sink) }
  }

  @Test(arguments: [[], [0], [1 << 20], [3 << 20, 5, 2 << 20]] as [[Int]])
  func zstdLayersAreReadByZstdAndByUs(sizes: [Int]) throws {
    let content = try LayerWriterTests.content(9, sizes)
    let expected = try tar(content.entries)
    var sink = MemorySink()
    let written = try LayerWriter.write(content, .zstd, to: &sink)
    #expect(written.descriptor.mediaType == .layerTarZstd && written.digest == .of(sink.bytes))
    #expect(written.diffID == .of(expected))
    #expect(try ChildProcess.run(["zstd", "-dcq"], input: sink.bytes).output == expected)
    var read: [UInt8] = []
    try layer(sink.bytes, .zstd, diffID: written.diffID).forEachTarChunk { read.append(contentsOf: $0) }
    #expect(read == expected)
  }

  @Test func compressionsHaveMediaTypesAndNames() {
    for compression in Compression.allCases {
      #expect(Compression(layer: compression.layerMediaType) == compression)
    }
    #expect(Compression(layer: .dockerLayerTarGzip) == .gzip)
    #expect(Compression(layer: MediaType("application/vnd.cncf.model.weight.v1.tar")) == Compression.none)
    #expect(Compression(layer: MediaType("application/vnd.cncf.model.weight.v1.raw")) == nil)
    #expect(Compression.gzip.identity.hasPrefix("libdeflate 1."))
    #expect(Compression.gzip.identity.hasSuffix(" level 6 members 1MiB"))
    #expect(Compression.zstd.identity.hasPrefix("zstd 1."))
  }
}
