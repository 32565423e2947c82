import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

private typealias Entry = RawTar.Entry

private func headers(_ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) throws -> [TarHeader] {
  let reader = TarReader(try BytesBlob(bytes).open(at: 0), limits: limits)
  var headers: [TarHeader] = []
  while let header = try reader.next() { headers.append(header) }
  return headers
}

private func refusal(_ entries: [RawTar.Entry], limits: ArchiveLimits = ArchiveLimits()) -> ArchiveError.Code? {
  code { _ = try headers(RawTar.bytes(entries), limits: limits) }
}

@Suite struct TarReaderTests {
  @Test func kindsOfEntries() throws {
    let device = Entry("dev", "3").with { $0.content = [] }
    let found = try headers(
      RawTar.bytes([
        Entry("./", "5"), Entry("./a//b/", "5"), Entry("f", "0", content: "hi"), Entry("old/", "\u{0}"),
        Entry("old2", "\u{0}"), Entry("s", "2", link: "/etc/x"), Entry("h", "1", link: "./f"), device,
        Entry("blk", "4"), Entry("pipe", "6"), Entry("contiguous", "7"),
      ]))
    #expect(found.map(\.path) == ["", "a/b", "f", "old", "old2", "s", "h", "dev", "blk", "pipe", "contiguous"])
    #expect(
      found.map(\.kind) == [
        .directory, .directory, .file, .directory, .file, .symlink(target: Array("/etc/x".utf8)),
        .hardlink(target: "f"), .characterDevice(major: 0, minor: 0), .blockDevice(major: 0, minor: 0), .fifo, .file,
      ])
    #expect(found[2].size == 2 && found[2].mode == 0o644)
  }

  @Test func extendedHeaders() throws {
    let long = String(repeating: "n", count: 300)
    let found = try headers(
      RawTar.bytes([
        RawTar.pax([("comment", "c")], "g"),
        RawTar.pax([("path", long), ("mtime", "1700000000.25"), ("uid", "3000000")]), Entry("x"),
        RawTar.pax([("linkpath", long)]), Entry("l", "2", link: "short"),
        Entry("././@LongLink", "L", content: long + "\u{0}"), Entry("cut"),
        Entry("././@LongLink", "K", content: long + "\u{0}"), Entry("././@LongLink", "L", content: "name\u{0}"),
        Entry("cut", "2", link: "cut"),
        Entry("name").with { $0.prefix = Array("pre/fix".utf8) },
        Entry("gnu").with {
          $0.magic = Array("ustar  \u{0}".utf8)
          $0.prefix = Array("1234".utf8)
        },
      ]))
    #expect(found.map(\.path.string) == [long, "l", long, "name", "pre/fix/name", "gnu"])
    #expect(found[0].mtime == 1_700_000_000 && found[0].uid == 3_000_000)
    #expect(found[1].kind == .symlink(target: Array(long.utf8)))
    #expect(found[3].kind == .symlink(target: Array(long.utf8)))
  }

  /// CVE-2025-62518: a reader that uses the ustar size sees other entries than one that uses the pax size.
  @Test(arguments: [("0", "5"), ("512", "0"), ("5", "6"), ("8589934592", "1"), ("-1", "0"), ("1e3", "0"), ("05", "5")])
  func paxAndUstarSizesDisagree(pax: String, ustar: String) {
    let entry = Entry("f").with { $0.size = Array(String(Int(ustar) ?? 0, radix: 8).utf8) }
    #expect(refusal([RawTar.pax([("size", pax)]), entry]) == .malformed)
  }

  @Test func paxAndUstarSizesAgree() throws {
    #expect(try headers(RawTar.bytes([RawTar.pax([("size", "3")]), Entry("f", content: "abc")])).first?.size == 3)
    // Go and Python write 0 if 11 octal digits are not enough.
    let head = RawTar.bytes([RawTar.pax([("size", "8589934592")]), Entry("f").with { $0.size = [48] }], trailer: 0)
    #expect(try TarReader(BytesBlob(head).open(at: 0)).next()?.size == 1 << 33)
  }

  @Test(arguments: [
    "5 a=b\n", "7 a=b\n", "6 a=b", "6 a=b\n ", "06 a=b\n", "-6 a=b\n", "99999999999999999999 a=b\n", "5 =b\n",
    "6 abcd\n",
    "4 a\n", "6 a=b\n6 a=c\n", "\u{0}", " ", "6", "6 ", "12345678901234567 a=b\n",
  ])
  func brokenPaxRecords(text: String) {
    #expect(refusal([Entry("x", "x", content: text), Entry("f")]) == .malformed)
  }

  @Test(arguments: [
    [("path", "")], [("path", "a\u{0}b")], [("linkpath", "")], [("size", "")], [("uid", "x")], [("uid", "4294967295")],
    [("mtime", "soon")], [("path", "/abs")], [("path", "../up")], [("GNU.sparse.major", "1")],
  ])
  func hostilePaxValues(records: [(String, String)]) {
    let found = refusal([RawTar.pax(records), Entry("l", "2", link: "t")])
    #expect(found == .malformed || found == .unsafe || found == .unsupported)
  }

  @Test func whatReadersDisagreeOnIsRefused() {
    let x = RawTar.pax([("path", "p")])
    #expect(refusal([x, x, Entry("f")]) == .malformed)
    #expect(refusal([x]) == .malformed)
    #expect(refusal([Entry("n", "L", content: "p"), x, Entry("f")]) == .malformed)
    #expect(refusal([x, Entry("n", "L", content: "p"), Entry("f")]) == .malformed)
    #expect(refusal([Entry("n", "L", content: "p"), Entry("n", "L", content: "q"), Entry("f")]) == .malformed)
    #expect(refusal([Entry("n", "L", content: "p\u{0}q"), Entry("f")]) == .malformed)
    #expect(refusal([RawTar.pax([("path", "p")], "g"), Entry("f")]) == .unsupported)
    #expect(refusal([RawTar.pax([("size", "0")], "g"), Entry("f")]) == .unsupported)
    #expect(refusal([Entry("s", "S")]) == .unsupported)
    #expect(refusal([Entry("s", "Z")]) == .unsupported)
    #expect(refusal([Entry("d", "5", content: "body")]) == .malformed)
    #expect(refusal([Entry("s", "2", link: "t", content: "body")]) == .malformed)
    #expect(refusal([Entry("h", "1", link: "t", content: "body")]) == .malformed)
    #expect(refusal([Entry("file/", "0", content: "x")]) == .malformed)
    #expect(refusal([Entry("l", "2")]) == .malformed)
    #expect(refusal([Entry("", "0")]) == .malformed)
    #expect(refusal([Entry("./", "0")]) == .malformed)
    #expect(refusal([Entry("h", "1", link: "../../etc/passwd")]) == .unsafe)
    #expect(refusal([Entry("h", "1", link: "/etc/passwd")]) == .unsafe)
    #expect(refusal([Entry("f").with { $0.breaksChecksum = true }]) == .malformed)
  }

  @Test(
    arguments: [
      Array("9".utf8), Array("-1".utf8), Array("0x1".utf8), Array("1 1".utf8), Array("1\u{0}1".utf8), Array("٣".utf8),
      [0xff] + [UInt8](repeating: 0xff, count: 11), [0x80] + [UInt8](repeating: 0xff, count: 11),
      [0xbf] + [UInt8](repeating: 0xff, count: 11), Array("777777777777".utf8) + [55],
    ] as [[UInt8]])
  func brokenSizes(field: [UInt8]) {
    // Even if the field is well-formed, no such content follows.
    #expect(refusal([Entry("f").with { $0.size = field }]) == .malformed)
  }

  @Test func cutShort() throws {
    let whole = RawTar.bytes([Entry("a", content: "abc"), Entry("b", content: String(repeating: "b", count: 600))])
    let ends = [0, 1024, 1024 + 512 + 1024]
    for count in 0..<(whole.count - 1024) {
      let found = code { _ = try headers(Array(whole.prefix(count))) }
      #expect(found == (ends.contains(count) ? nil : .malformed), "cut at \(count)")
    }
  }

  @Test func dataAfterTheEnd() {
    let hidden = RawTar.bytes([Entry("a")]) + Entry("hidden").bytes
    #expect(code { _ = try headers(hidden) } == .malformed)
    #expect(code { _ = try headers(RawTar.bytes([Entry("a")], trailer: 512) + Entry("b").bytes) } == .malformed)
    #expect(throws: Never.self) { _ = try headers(RawTar.bytes([Entry("a")], trailer: 10240)) }
  }

  @Test func limits() {
    var limits = ArchiveLimits()
    limits.entries = 2
    #expect(refusal([Entry("a"), Entry("b")], limits: limits) == nil)
    #expect(refusal([Entry("a"), Entry("b"), Entry("c")], limits: limits) == .overLimit)
    #expect(refusal([RawTar.pax([("path", String(repeating: "a", count: 5000))]), Entry("x")]) == .overLimit)
    #expect(refusal([RawTar.pax([("path", String(repeating: "a/", count: 300))]), Entry("x", "5")]) == .overLimit)
    #expect(refusal([Entry("n", "L", content: String(repeating: "a", count: 5000)), Entry("x")]) == .overLimit)
    let huge = Entry("x", "x").with { $0.size = Array("77777777777".utf8) }
    #expect(refusal([huge, Entry("f")]) == .overLimit)
  }

  @Test func tarsOfGNUAndPython() throws {
    try withDirectory { (directory) throws in
      let tree = directory.appending("tree")
      try Durable.makeDirectory(tree.appending("d"))
      let long = String(repeating: "l", count: 150)
      try write(Array("hello".utf8), to: tree.appending("d").appending("modèle"))
      try write([1], to: tree.appending(long))
      _ = try run(["ln", "-s", "d/" + long + long, tree.appending("link").string])
      _ = try run(["ln", tree.appending(long).string, tree.appending("hard").string])
      for format in ["gnu", "pax", "ustar", "v7", "oldgnu"] {
        let archive = directory.appending("\(format).tar")
        let names = format == "v7" || format == "ustar" ? ["d"] : ["d", "link", "hard", long]
        _ = try run(["tar", "--format=\(format)", "-C", tree.string, "-cf", archive.string] + names)
        let found = try LayerStack([layer(try read(archive))]).tree()
        #expect(found["d/modèle"]?.digest == .of(Array("hello".utf8)), "\(format)")
        if names.count == 1 { continue }
        #expect(found[FilePath(long)]?.digest == .of([1]) && found["hard"] == found[FilePath(long)], "\(format)")
        #expect(found["link"]?.kind == .symlink(target: Array(("d/" + long + long).utf8)), "\(format)")
      }
      for format in ["GNU_FORMAT", "PAX_FORMAT"] {
        let archive = directory.appending("\(format).tar")
        let script = """
          import sys, tarfile
          with tarfile.open(sys.argv[2], "w", format=tarfile.\(format)) as t: t.add(sys.argv[1], arcname=".")
          """
        _ = try python(script, [tree.string, archive.string])
        let found = try LayerStack([layer(try read(archive))]).tree()
        #expect(found.paths.map(\.string) == ["d", "d/modèle", "hard", "link", long], "\(format)")
      }
    }
  }
}

@Suite struct DecompressionTests {
  private static let plain = RawTar.bytes([Entry("a", content: "abc")])

  private static func refusal(_ bytes: [UInt8], _ compression: Compression) -> ArchiveError.Code? {
    code { _ = try LayerStack([layer(bytes, compression)]).tree() }
  }

  @Test func zstd() throws {
    let plain = RawTar.bytes([Entry("a", content: String(repeating: "x", count: 300_000))])
    let packed = try ChildProcess.run(["zstd", "-q", "-c"], input: plain)
    try #require(packed.status == 0, "zstd is missing: run scripts/test")
    let tree = try LayerStack([layer(packed.output, .zstd, diffID: .of(plain))]).tree()
    #expect(tree["a"]?.size == 300_000)
    #expect(DecompressionTests.refusal(Array(packed.output.dropLast(5)), .zstd) == .malformed)
    #expect(DecompressionTests.refusal(packed.output + [1, 2, 3], .zstd) == .malformed)
  }

  @Test func manyMembers() throws {
    let members = try DecompressionTests.plain.map { try gzip([$0]) }.flatMap { $0 }
    #expect(try LayerStack([layer(members, .gzip, diffID: .of(DecompressionTests.plain))]).tree()["a"]?.size == 3)
  }

  @Test func whatIsNotThatCompression() throws {
    let packed = try gzip(DecompressionTests.plain)
    #expect(DecompressionTests.refusal(packed, .none) == .malformed)
    #expect(DecompressionTests.refusal(packed, .zstd) == .malformed)
    #expect(DecompressionTests.refusal(DecompressionTests.plain, .gzip) == .malformed)
    #expect(DecompressionTests.refusal(try gzip(packed), .gzip) == .malformed, "gzip inside of gzip")
    #expect(DecompressionTests.refusal([], .gzip) == .malformed)
    #expect(DecompressionTests.refusal(packed + [0], .gzip) == .malformed, "a byte after the end")
    #expect(DecompressionTests.refusal(packed + Array("garbage".utf8), .gzip) == .malformed)
  }

  @Test func cutShort() throws {
    let packed = try gzip(DecompressionTests.plain)
    for count in 0..<packed.count {
      #expect(DecompressionTests.refusal(Array(packed.prefix(count)), .gzip) == .malformed, "cut at \(count)")
    }
  }

  @Test func wrongDiffID() throws {
    let packed = try gzip(DecompressionTests.plain)
    let input = layer(packed, .gzip, diffID: .of([1]))
    let empty = layer(RawTar.bytes([Entry("d", "5")]), diffID: .of([1]))
    #expect(code { _ = try LayerStack([input]).tree() } == .wrongDigest)
    try withDirectory { (directory) throws in
      let target = directory.appending("out")
      #expect(code { _ = try LayerUnpacker().unpack(LayerStack([input]), into: target) } == .wrongDigest)
      #expect(try Directory.entries(target).isEmpty)
      #expect(code { _ = try LayerUnpacker().unpack(LayerStack([empty]), into: target) } == .wrongDigest)
    }
  }

  /// 200 MiB of zeros in 200 KiB.
  @Test func bomb() throws {
    let zeros = [UInt8](repeating: 0, count: 8 << 20)
    let writer = MemberWriter(MemorySink(), threads: 2)
    let header = Entry("bomb").with { $0.size = Array(String(200 << 20, radix: 8).utf8) }.bytes
    try header.withUnsafeBytes { try writer.write($0) }
    for _ in 0..<25 { try zeros.withUnsafeBytes { try writer.write($0) } }
    try writer.finish()
    let bomb = layer(writer.sink.bytes, .gzip)
    #expect(code { _ = try LayerStack([bomb]).tree(digests: false) } == .overLimit)
    var limits = ArchiveLimits()
    limits.ratio = 2000
    #expect(throws: Never.self) { _ = try LayerStack([bomb], limits: limits).tree(digests: false) }
    limits.totalBytes = 100 << 20
    #expect(code { _ = try LayerStack([bomb], limits: limits).tree(digests: false) } == .overLimit)
  }

  @Test func errorsOfTheBlobComeOut() {
    let missing = StoredLayer(FileBlob("/nonexistent/blob", size: 100), .gzip)
    #expect(throws: IOFailure.self) { try LayerStack([missing]).tree() }
    let failing = StoredLayer(FailingBlob(), .gzip)
    #expect(throws: FailingBlob.Broken.self) { try LayerStack([failing]).tree() }
  }
}

private struct FailingBlob: Blob {
  struct Broken: Error {}
  var size: UInt64 { 100 }
  func open(at offset: UInt64) throws -> any ByteSource { Source() }
  private final class Source: ByteSource {
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { throw Broken() }
  }
}
