import OpzArchive
import OpzIO
import SystemPackage
import Testing

/// The tar that the golden bytes and the peer tests use.
private func sample() throws -> LayerContent {
  try LayerContent([
    .file("models/model.json", BytesBlob(Array("{\"a\":1}\n".utf8))),
    TarEntry("app/predict.py", .file(BytesBlob(Array("print(1)\n".utf8))), mode: 0o755, uid: 65532, gid: 65532),
    .symlink("app/current", to: Array("predict.py".utf8)),
    .file("app/empty", BytesBlob([])),
    .file("app/block", BytesBlob([UInt8](repeating: 120, count: 512))),
    TarEntry("app/private", .directory, mode: 0o700, uid: 3_000_000, gid: 4_294_967_294),
    .file("données/modèle.json", BytesBlob([1, 2, 3])),
    .file(FilePath("long/" + String(repeating: "n", count: 180)), BytesBlob([4])),
  ])
}

private func bytes(_ content: LayerContent) throws -> [UInt8] { try tar(content.entries) }

@Suite struct TarWriterTests {
  @Test func goldenBytes() throws {
    let bytes = try bytes(try sample())
    let packed = Digest.of(try gzip(bytes)).hex
    #expect(
      Digest.of(bytes).hex == "a39be7884edab27d7704d26880dcb59e4a9b362bd374c250712f2fb0692a7bd7")
    #expect(
      packed == "d9ad721bd9a37de608f8149bfef009bdb1e5294024e8591c0a651301571c30c2",
      "a new libdeflate changes these bytes; its version is in Compression.gzip.identity: \(Compression.gzip.identity)")
  }

  @Test func headerIsTheOneOfPOSIX() throws {
    let bytes = try tar([.file("a/b", BytesBlob([7, 7, 7]), mode: 0o640)])
    #expect(bytes.count == 512 + 512 + 1024)
    #expect(Array(bytes[0..<4]) == Array("a/b\u{0}".utf8))
    #expect(Array(bytes[100..<108]) == Array("0000640\u{0}".utf8))
    #expect(Array(bytes[124..<136]) == Array("00000000003\u{0}".utf8))
    #expect(Array(bytes[136..<148]) == Array("00000000000\u{0}".utf8), "the time is always 0")
    #expect(bytes[156] == UInt8(ascii: "0"))
    #expect(Array(bytes[257..<265]) == Array("ustar\u{0}00".utf8))
    #expect(Array(bytes[265..<329]) == [UInt8](repeating: 0, count: 64), "no user or group names")
    #expect(Array(bytes[512..<516]) == [7, 7, 7, 0])
  }

  @Test func gnuTarAgrees() throws {
    try withDirectory { (directory) throws in
      let path = directory.appending("a.tar")
      try write(try bytes(try sample()), to: path)
      let listing = try run(["tar", "--numeric-owner", "--utc", "--quoting-style=literal", "-tvf", path.string])
      let lines = listing.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
      #expect(
        lines == [
          "drwxr-xr-x 0/0 0 1970-01-01 00:00 app/",
          "-rw-r--r-- 0/0 512 1970-01-01 00:00 app/block",
          "lrwxrwxrwx 0/0 0 1970-01-01 00:00 app/current -> predict.py",
          "-rw-r--r-- 0/0 0 1970-01-01 00:00 app/empty",
          "-rwxr-xr-x 65532/65532 9 1970-01-01 00:00 app/predict.py",
          "drwx------ 3000000/4294967294 0 1970-01-01 00:00 app/private/",
          "drwxr-xr-x 0/0 0 1970-01-01 00:00 données/",
          "-rw-r--r-- 0/0 3 1970-01-01 00:00 données/modèle.json",
          "drwxr-xr-x 0/0 0 1970-01-01 00:00 long/",
          "-rw-r--r-- 0/0 1 1970-01-01 00:00 long/" + String(repeating: "n", count: 180),
          "drwxr-xr-x 0/0 0 1970-01-01 00:00 models/",
          "-rw-r--r-- 0/0 8 1970-01-01 00:00 models/model.json",
        ])
    }
  }

  @Test func orderOfTheInputDoesNotMatter() throws {
    let entries = try sample().entries
    var random = Seeded(1)
    for _ in 0..<20 {
      #expect(try bytes(LayerContent(entries.shuffled(using: &random))) == bytes(try sample()))
    }
  }

  /// Names with lengths at and above each limit of the format, in one component and in several.
  @Test(arguments: [1, 98, 99, 100, 101, 154, 155, 156, 157, 200, 254, 255, 256, 257, 300, 1000])
  func longNamesAreReadByPython(length: Int) throws {
    let flat = String(repeating: "f", count: length)
    let deep = (0..<length).map { $0 % 30 == 29 && $0 != length - 1 ? "/" : "d" }.joined()
    let late = length > 2 ? "p/" + String(repeating: "q", count: length - 2) : "p"
    for name in [flat, deep, late] {
      let target = Array(name.utf8)
      let content = try LayerContent([
        .file(FilePath(name), BytesBlob([1])), .directory(FilePath("D\(name)")), .symlink("link", to: target),
      ])
      let bytes = try bytes(content)
      #expect(content.tarSize == UInt64(bytes.count))
      let seen = try readByPython(bytes)
      #expect(Set(seen).isSuperset(of: ["file \(name)", "dir D\(name)", "link link>\(name)"]))
      #expect(Set(seen) == Set(try readByUs(bytes)))
    }
  }

  @Test func namesOfOtherScriptsAndOfNoScript() throws {
    let wide = String(repeating: "模型", count: 40)
    let invalid: [UInt8] = [0x66, 0xff, 0xfe, 0x80, 0x2e, 0x6a]
    let invalidPath = invalid.map { CChar(bitPattern: $0) } + [0]
    let content = try LayerContent([
      .file(FilePath(wide), BytesBlob([1])), .file("e\u{301}", BytesBlob([2])), .file("\u{e9}", BytesBlob([3])),
      .file(FilePath(platformString: invalidPath), BytesBlob([4])), .symlink("l", to: invalid),
      .file("line\nbreak", BytesBlob([5])),
    ])
    #expect(content.entries.count == 6, "NFC and NFD are two names")
    let bytes = try bytes(content)
    let tree = try LayerStack([layer(bytes)]).tree()
    #expect(Set(tree.nodes.keys) == Set(content.entries.map(\.path)))
    #expect(tree["l"]?.kind == .symlink(target: invalid))
    let script = """
      import sys, tarfile, os
      for m in tarfile.open(sys.argv[1]):
        print(os.fsencode(m.name).hex(), os.fsencode(m.linkname).hex(), m.size)
      """
    let lines = try withDirectory { (directory) throws in
      try write(bytes, to: directory.appending("a.tar"))
      return try python(script, [directory.appending("a.tar").string])
    }
    #expect(lines.contains("\(Hex.encode(invalid))  1\n"))
    #expect(lines.contains("6c \(Hex.encode(invalid)) 0\n"))
    #expect(lines.contains("\(Hex.encode(Array(wide.utf8)))  1\n"))
    let unpacked = try withDirectory { (directory) throws in
      try write(bytes, to: directory.appending("a.tar"))
      _ = try run(["tar", "-xf", directory.appending("a.tar").string, "-C", directory.string])
      try Durable.remove(directory.appending("a.tar"))
      return try Directory.entries(directory).map { FilePath(root: nil, [$0]) }
    }
    #expect(Set(unpacked) == Set(content.entries.map(\.path)), "GNU tar makes the same names")
  }

  /// At 8 GiB the size no longer fits into 11 octal digits.
  @Test(arguments: [(1 << 33) - 1, 1 << 33, (1 << 33) + 1, 1 << 45] as [UInt64])
  func hugeFiles(size: UInt64) throws {
    let entry = TarEntry.file("huge", ZeroBlob(size: size))
    var writer = TarWriter(FailingSink(left: 2048))
    #expect(throws: FailingSink.Full.self) { try writer.write(entry) }
    let needsPax = size >= 1 << 33
    #expect(try entry.archivedSize() == (needsPax ? 1536 : 512) + (size + 511) / 512 * 512)

    var headers = HeadSink(limit: needsPax ? 1536 : 512)
    headers.fails = true
    var capturing = TarWriter(headers)
    #expect(throws: HeadSink.Enough.self) { try capturing.write(entry) }
    let head = capturing.sink.bytes
    let reader = TarReader(try BytesBlob(head).open(at: 0))
    #expect(try reader.next()?.size == size)
    let seen = try withDirectory { (directory) throws in
      let path = directory.appending("a.tar")
      try write(head, to: path)
      let script = "import sys, tarfile; print(tarfile.open(sys.argv[1]).firstmember.size)"
      return try python(script, [path.string])
    }
    #expect(seen == "\(size)\n")
    #expect(needsPax == (head[156] == UInt8(ascii: "x")))
  }

  @Test func largerThanTarIsAnError() throws {
    #expect(code { _ = try LayerContent([.file("a", ZeroBlob(size: .max))]) } == .badEntry)
    #expect(
      code { _ = try LayerContent((0..<3).map { .file(FilePath("f\($0)"), ZeroBlob(size: 1 << 59)) } as [TarEntry]) }
        == .badEntry)
  }

  @Test(arguments: [
    "", "/etc/passwd", "/", "a/../b", "..", "../a", "a/..", ".", "./a", "a/./b", ".wh.x", "a/.wh..wh..opq",
    "a/.wh.b/c", String(repeating: "x/", count: 2100) + "y",
  ])
  func unsafeNames(name: String) {
    #expect(code { _ = try LayerContent([.file(FilePath(name), BytesBlob([]))]) } == .badEntry)
    #expect(code { _ = try tar([.file(FilePath(name), BytesBlob([]))]) } == .badEntry)
  }

  @Test func unsafeValues() {
    #expect(code { _ = try LayerContent([.symlink("a", to: [])]) } == .badEntry)
    #expect(code { _ = try LayerContent([.symlink("a", to: [65, 0, 66])]) } == .badEntry)
    #expect(code { _ = try LayerContent([.file("a", BytesBlob([]), mode: 0o10000)]) } == .badEntry)
  }

  @Test func duplicatesAndEntriesBelowFiles() {
    let file = TarEntry.file("a/b", BytesBlob([]))
    #expect(code { _ = try LayerContent([file, file]) } == .badEntry)
    #expect(code { _ = try LayerContent([file, .file("a", BytesBlob([]))]) } == .badEntry)
    #expect(code { _ = try LayerContent([.symlink("a", to: [98]), file]) } == .badEntry)
    #expect(code { _ = try LayerContent([.directory("a"), .file("a", BytesBlob([]))]) } == .badEntry)
  }

  @Test func parentsAreAddedOnceAndKeepWhatTheyAre() throws {
    let content = try LayerContent([
      .file("a/b/c/d", BytesBlob([])), .file("a/b/e", BytesBlob([])), .directory("a/b", mode: 0o700),
    ])
    #expect(content.entries.map(\.path) == ["a", "a/b", "a/b/c", "a/b/c/d", "a/b/e"])
    #expect(content.entries.map(\.mode) == [0o755, 0o700, 0o755, 0o644, 0o644])
  }

  @Test(arguments: [(10, 9), (10, 11), (0, 1), (1, 0), (1 << 20, (1 << 20) + 1), (1 << 20, (1 << 20) - 1)])
  func fileThatChangesItsSize(announced: Int, real: Int) throws {
    let blob = LyingBlob(size: UInt64(announced), content: [UInt8](repeating: 1, count: real))
    #expect(code { _ = try tar([.file("model.json", blob)]) } == .changed)
    var sink = MemorySink()
    let content = try LayerContent([.file("model.json", blob)])
    for compression in [Compression.none, .gzip] {
      #expect(code { _ = try LayerWriter.write(content, compression, to: &sink) } == .changed)
    }
  }

  @Test func emptyLayer() throws {
    #expect(try bytes(LayerContent([])) == [UInt8](repeating: 0, count: 1024))
    #expect(try LayerContent([]).tarSize == 1024)
  }
}

private func readByPython(_ bytes: [UInt8]) throws -> [String] {
  let script = """
    import sys, tarfile
    for m in tarfile.open(sys.argv[1]):
      print("dir" if m.isdir() else "link" if m.issym() else "file", m.name + (">" + m.linkname if m.issym() else ""))
    """
  return try withDirectory { (directory) throws in
    let path = directory.appending("a.tar")
    try write(bytes, to: path)
    return try python(script, [path.string]).split(separator: "\n").map(String.init)
  }
}

private func readByUs(_ bytes: [UInt8]) throws -> [String] {
  var lines: [String] = []
  let reader = TarReader(try BytesBlob(bytes).open(at: 0), limits: ArchiveLimits())
  while let header = try reader.next() {
    switch header.kind {
    case .directory: lines.append("dir \(header.path)")
    case .symlink(let target): lines.append("link \(header.path)>\(String(decoding: target, as: UTF8.self))")
    default: lines.append("file \(header.path)")
    }
  }
  return lines
}

/// Endless zeros, which are never read to the end.
private struct ZeroBlob: Blob {
  let size: UInt64
  func open(at offset: UInt64) throws -> any ByteSource { Zeros() }

  private final class Zeros: ByteSource {
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      return buffer.count
    }
  }
}

private struct LyingBlob: Blob {
  let size: UInt64
  let content: [UInt8]
  func open(at offset: UInt64) throws -> any ByteSource { try BytesBlob(content).open(at: offset) }
}

/// Keeps the first bytes and then stops the writer.
private struct HeadSink: ByteSink {
  struct Enough: Error {}
  let limit: Int
  var fails = false
  var bytes: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  mutating func write(_ more: UnsafeRawBufferPointer) throws {
    bytes.append(contentsOf: more.prefix(limit - bytes.count))
    if bytes.count == limit, fails, more.count > limit { throw Enough() }
  }
}
