import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

private typealias Entry = RawTar.Entry

private func tree(_ layers: [[RawTar.Entry]]) throws -> FileTree {
  try LayerStack(layers.map { layer(RawTar.bytes($0)) }).tree()
}

/// Layers on top of layers (OCI image-spec, layer.md).
@Suite struct FileTreeTests {
  private static let base = [
    Entry("a", "5"), Entry("a/x", content: "1"), Entry("a/y", content: "2"), Entry("a/b", "5"),
    Entry("a/b/z", content: "3"),
    Entry("c", content: "4"),
  ]

  private static func paths(_ upper: [[RawTar.Entry]]) throws -> [String] {
    try tree([base] + upper).paths.map(\.string)
  }

  @Test func whiteouts() throws {
    #expect(try FileTreeTests.paths([[Entry("a/.wh.x")]]) == ["a", "a/b", "a/b/z", "a/y", "c"])
    #expect(try FileTreeTests.paths([[Entry(".wh.a")]]) == ["c"])
    #expect(try FileTreeTests.paths([[Entry(".wh.a"), Entry(".wh.c")]]) == [])
    #expect(try FileTreeTests.paths([[Entry("a/.wh..wh..opq")]]) == ["a", "c"])
    #expect(try FileTreeTests.paths([[Entry(".wh.nothing"), Entry("no/.wh.such")]]).count == 6)
    #expect(try FileTreeTests.paths([[Entry("a/.wh..wh.aufs")]]).count == 6)
    #expect(try FileTreeTests.paths([[Entry(".wh.c")], [Entry("c", "5")]]).contains("c"))
  }

  @Test func whiteoutsSpareTheirOwnLayer() throws {
    let new = Entry("a/new", content: "n")
    for entries in [[new, Entry("a/.wh..wh..opq")], [Entry("a/.wh..wh..opq"), new], [new, Entry(".wh.a")]] {
      #expect(try FileTreeTests.paths([entries]) == ["a", "a/new", "c"])
    }
    #expect(try FileTreeTests.paths([[Entry("a", "5"), Entry(".wh.a")]]) == ["a", "c"])
  }

  @Test func laterEntriesReplace() throws {
    let found = try tree([FileTreeTests.base, [Entry("c", content: "new"), Entry("a/b", content: "file now")]])
    #expect(found["c"]?.digest == .of(Array("new".utf8)))
    #expect(found["a/b"]?.kind == .file && found["a/b/z"] == nil)
    let kept = try tree([FileTreeTests.base, [Entry("a", "5").with { $0.mode = "0000700" }]])
    #expect(kept["a"]?.mode == 0o700 && kept["a/x"] != nil)
    let twice = try tree([[Entry("f", content: "1"), Entry("f", content: "22")]])
    #expect(twice["f"]?.size == 2)
  }

  @Test func directoriesThatNoLayerNames() throws {
    let found = try tree([[Entry("deep/er/file")]])
    #expect(found["deep/er"] == FileTree.Node(kind: .directory, mode: 0o755, uid: 0, gid: 0, size: 0))
  }

  @Test func hardLinksAreTheFileTheyName() throws {
    let found = try tree([FileTreeTests.base, [Entry("h", "1", link: "a/x"), Entry(".wh.a")]])
    #expect(found["h"]?.digest == .of(Array("1".utf8)) && found["a/x"] == nil)
    #expect(try tree([FileTreeTests.base, [Entry("h", "1", link: "c")]]).contentSize == 4, "counted once")
    #expect(code { _ = try tree([[Entry("h", "1", link: "nowhere")]]) } == .malformed)
    #expect(code { _ = try tree([[Entry("d", "5"), Entry("h", "1", link: "d")]]) } == .unsafe)
    #expect(code { _ = try tree([[Entry("s", "2", link: "/etc/passwd"), Entry("h", "1", link: "s")]]) } == .unsafe)
    #expect(code { _ = try tree([[Entry("s", "2", link: "/etc"), Entry("h", "1", link: "s/passwd")]]) } == .malformed)
  }

  @Test(arguments: [".wh.", ".wh..", ".wh...", "a/.wh..", "a/.wh..."]) func whiteoutsOfNothing(name: String) {
    #expect(code { _ = try tree([FileTreeTests.base, [Entry(name)]]) } == .unsafe)
  }

  @Test func readingOneFile() throws {
    let stack = LayerStack([
      layer(RawTar.bytes(FileTreeTests.base + [Entry("l", "2", link: "a/../a/x"), Entry("abs", "2", link: "/a/b/z")])),
      StoredLayer(BytesBlob(try gzip(RawTar.bytes([Entry("c", content: "upper"), Entry("a/.wh.y")]))), .gzip),
    ])
    #expect(try stack.bytes("c") == Array("upper".utf8))
    #expect(try stack.bytes("a/x") == Array("1".utf8))
    #expect(try stack.bytes("/a/x") == Array("1".utf8), "absolute means from the image's root")
    #expect(try stack.bytes("l") == Array("1".utf8))
    #expect(try stack.bytes("abs") == Array("3".utf8))
    #expect(try stack.bytes("../../a/x") == Array("1".utf8), "there is nothing above the root")
    var sink = MemorySink()
    #expect(try stack.copy("c", to: &sink).size == 5)
    #expect(sink.bytes == Array("upper".utf8))
    #expect(code { _ = try stack.bytes("c", limit: 4) } == .overLimit)
    for missing in ["a/y", "a", "nothing", "c/d", ""] {
      #expect(code { _ = try stack.bytes(FilePath(missing)) } == .notFound)
    }
  }

  @Test func namesAreLimited() throws {
    var limits = ArchiveLimits()
    limits.nameBytes = 10
    let entries = [Entry("12345"), Entry("l", "2", link: "1234")]
    #expect(throws: Never.self) { _ = try LayerStack([layer(RawTar.bytes(entries))], limits: limits).tree() }
    let more = layer(RawTar.bytes(entries + [Entry("6")]))
    #expect(code { _ = try LayerStack([more], limits: limits).tree() } == .overLimit)
  }

  @Test func linksThatNeverEnd() throws {
    var entries = [Entry("a", "2", link: "b"), Entry("b", "2", link: "a"), Entry("self", "2", link: "self/x")]
    for index in 0..<100 { entries.append(Entry("n\(index)", "2", link: "n\(index + 1)/" + "n\(index + 1)")) }
    let found = try tree([entries])
    for path in ["a", "self", "n0"] { #expect(found.resolve(FilePath(path)) == nil) }
  }

  @Test func differences() throws {
    let one = try tree([FileTreeTests.base])
    #expect(one.differences(from: one) == [])
    let other = try tree([FileTreeTests.base, [Entry(".wh.c"), Entry("a/x", content: "X"), Entry("new", "5")]])
    let lines = one.differences(from: other)
    #expect(lines.map { $0.prefix { $0 != ":" } } == ["a/x", "c", "new"])
    #expect(lines[1].hasSuffix("missing there"))
  }

  /// If no digests are needed, the contents of uncompressed layers are skipped, not read.
  @Test func listingDoesNotReadContents() throws {
    let counter = CountingBlob(
      RawTar.bytes([Entry("big", content: String(repeating: "x", count: 8 << 20)), Entry("end")]))
    #expect(try LayerStack([StoredLayer(counter, .none)]).tree(digests: false).paths == ["big", "end"])
    #expect(counter.reads.bytes < 1 << 20)
  }
}

private struct CountingBlob: Blob {
  final class Reads: @unchecked Sendable { var bytes = 0 }
  let reads = Reads()
  let content: BytesBlob

  init(_ bytes: [UInt8]) { content = BytesBlob(bytes) }

  var size: UInt64 { content.size }
  func open(at offset: UInt64) throws -> any ByteSource { Source(try content.open(at: offset), reads) }

  private final class Source: ByteSource {
    let source: any ByteSource
    let reads: Reads
    init(_ source: any ByteSource, _ reads: Reads) {
      self.source = source
      self.reads = reads
    }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      let count = try source.read(into: buffer)
      reads.bytes += count
      return count
    }
  }
}
