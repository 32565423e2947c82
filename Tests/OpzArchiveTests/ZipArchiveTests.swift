import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

private typealias Member = RawZip.Member

private func open(_ bytes: [UInt8], limits: ZipLimits = ZipLimits()) throws -> ZipArchive {
  try ZipArchive(BytesBlob(bytes), name: "a.zip", limits: limits)
}

private func refusal(_ zip: RawZip, limits: ZipLimits = ZipLimits()) -> ArchiveError.Code? {
  code { _ = try open(zip.bytes, limits: limits) }
}

private func refusal(_ members: RawZip.Member..., limits: ZipLimits = ZipLimits()) -> ArchiveError.Code? {
  refusal(RawZip(members), limits: limits)
}

/// The raw deflate stream of up to 1 MiB: a gzip member without its header and trailer.
func deflated(_ content: [UInt8]) throws -> [UInt8] { Array(try gzip(content).dropFirst(10).dropLast(8)) }

private func deflatedMember(_ name: String, _ content: [UInt8]) throws -> RawZip.Member {
  Member(Array(name.utf8), content, deflated: try deflated(content), mode: 0o100644)
}

private func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

/// Some bytes, many zeros, some bytes.
private struct BytesAroundHole: Blob {
  let before: [UInt8]
  let hole: UInt64
  let after: [UInt8]

  var size: UInt64 { UInt64(before.count) + hole + UInt64(after.count) }

  func open(at offset: UInt64) throws -> any ByteSource {
    let end = UInt64(before.count) + hole
    if offset >= end { return try BytesBlob(after).open(at: offset - end) }
    let left = end - max(offset, UInt64(before.count))
    let zeros = [UInt8](repeating: 0, count: Int(min(left, 1 << 20)))
    return try BytesBlob(before.dropFirst(Int(min(offset, hole))) + zeros + (left < 1 << 20 ? after : [])).open(at: 0)
  }
}

@Suite("Zip files") struct ZipArchiveTests {
  @Test func members() throws {
    var random = Seeded(1)
    let large = random.bytes(300_000)
    let zip = RawZip([
      Member("pkg/"), Member("pkg/a.py", "print()\n", mode: 0o100755), try deflatedMember("pkg/large", large),
      Member("empty"), try deflatedMember("none", []), Member("é", "x").withBoth { $0.flags = 1 << 11 },
      Member("dos", "x", mode: 0), Member("untyped", "x", mode: 0o755),
    ])
    let archive = try open(zip.bytes)
    let paths = ["pkg", "pkg/a.py", "pkg/large", "empty", "none", "é", "dos", "untyped"]
    #expect(archive.entries.map { text($0.path) } == paths)
    #expect(archive.entries.map(\.isDirectory) == [true] + Array(repeating: false, count: 7))
    #expect(archive.entries.map(\.permissions) == [0o755, 0o755, 0o644, 0o644, 0o644, 0o644, 0, 0o755])
    #expect(archive.entries.map(\.isExecutable) == [false, true] + Array(repeating: false, count: 6))
    let entry = try #require(archive[Array("pkg/large".utf8)])
    #expect(entry.size == 300_000 && entry.compressedSize < 300_000 && entry.crc32 == RawZip.crc32(large))
    #expect(try archive.content(entry).bytes() == large)
    #expect(try archive.content(archive.entries[1]).bytes() == Array("print()\n".utf8))
    for entry in archive.entries.dropFirst(3) {
      #expect(try archive.content(entry).bytes() == (entry.size == 0 ? [] : [UInt8(ascii: "x")]))
    }
    #expect(archive[Array("pkg/".utf8)] == nil)
  }

  @Test(arguments: [0, 1, 3, 65_535, 65_536, 65_537, 199_999, 200_000, 500_000], [true, false])
  func openedInTheMiddle(offset: Int, compressed: Bool) throws {
    var random = Seeded(2)
    let content = random.bytes(200_000)
    let member =
      compressed
      ? try deflatedMember("m", content) : Member(Array("m".utf8), content, mode: 0o100644)
    let archive = try open(RawZip([member]).bytes)
    let blob = archive.content(archive.entries[0])
    let source = try blob.open(at: UInt64(offset))
    var found: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7_001, alignment: 1)
    defer { buffer.deallocate() }
    while case let count = try source.read(into: buffer), count > 0 { found += buffer[..<count] }
    #expect(found == Array(content.dropFirst(offset)))
    #expect(try source.read(into: buffer) == 0)
  }

  @Test func anEmptyArchive() throws {
    #expect(try open(RawZip([]).bytes).entries.isEmpty)
    #expect(try open(RawZip([]).with { $0.zip64 = { _ in } }.bytes).entries.isEmpty)
  }

  @Test func comments() throws {
    let zip = RawZip([Member("a", "1").with { $0.comment = [1, 2] }]).with { $0.comment = Array("hello".utf8) }
    #expect(try open(zip.bytes).comment == Array("hello".utf8))
    #expect(try open(zip.with { $0.comment = [UInt8](repeating: 65, count: 65_535) }.bytes).comment.count == 65_535)
  }

  @Test(arguments: [true, false], [true, false]) func dataDescriptors(signed: Bool, wide: Bool) throws {
    let member = try deflatedMember("a", Array("content".utf8)).describedAfter(signed: signed, wide: wide)
    let archive = try open(RawZip([member, Member("b", "2"), member.withBoth { $0.name = [99] }]).bytes)
    for entry in [archive.entries[0], archive.entries[2]] {
      #expect(try archive.content(entry).bytes() == Array("content".utf8))
    }
  }

  @Test func wrongDataDescriptors() throws {
    let member = try deflatedMember("a", Array("content".utf8)).describedAfter()
    for place in 0..<16 {
      #expect(refusal(member.with { $0.descriptor[place] ^= 1 }, Member("b")) == .malformed, "byte \(place)")
    }
    for length in 0..<30 where length != 16 {
      let bytes = member.descriptor + [UInt8](repeating: 0, count: 16)
      #expect(refusal(member.with { $0.descriptor = Array(bytes.prefix(length)) }) == .malformed, "\(length) bytes")
    }
    // The sizes after the content have 8 bytes exactly where the local header has a zip64 field.
    let wide = try deflatedMember("a", Array("content".utf8)).describedAfter(wide: true)
    #expect(refusal(member.with { $0.descriptor = wide.descriptor }) == .malformed)
    #expect(refusal(wide.with { $0.descriptor = member.descriptor }) == .malformed)
    #expect(refusal(member.with { $0.descriptor = [] }) == .malformed)
    #expect(refusal(member.with { $0.local.crc32 = 7 }) == .malformed)
    // Only a reader that starts with the central directory could know where this member ends.
    #expect(refusal(Member("a", "content").describedAfter()) == .unsupported)
    #expect(refusal(Member("a", "").describedAfter()) == nil)
    #expect(refusal(Member("a", "content").describedAfter().with { $0.local.compressedSize = 7 }) == nil)
  }

  @Test func localHeadersThatDisagree() throws {
    let member = Member("a", "content")
    #expect(refusal(member) == nil)
    let changes: [(inout RawZip.Header) -> Void] = [
      { $0.name = [98] }, { $0.name = Array("ab".utf8) }, { $0.name = Array("a/".utf8) }, { $0.method = 8 },
      { $0.flags = 1 << 11 }, { $0.flags = 2 }, { $0.flags = 8 }, { $0.crc32 ^= 1 }, { $0.crc32 = 0 }, { $0.size = 8 },
      { $0.size = 0 }, { $0.compressedSize = 6 }, { $0.compressedSize = 0 }, { $0.compressedSize = .max },
      { $0.extra = RawZip.extra(1, RawZip.bytes(7, 8)) }, { $0.extra = [1] }, { $0.extra = [9, 0, 1, 0] },
      { $0.extra = RawZip.extra(0x7075, [1, 0, 0, 0, 0, 98]) }, { $0.extra = RawZip.extra(0x7075, [1]) },
    ]
    for (index, change) in changes.enumerated() {
      #expect(refusal(member.with { change(&$0.local) }) == .malformed, "local \(index)")
      #expect(refusal(member.with { change(&$0.central) }) == .malformed, "central \(index)")
    }
    let twice = RawZip.extra(1, [])
    #expect(refusal(member.withBoth { $0.extra = twice }) == nil)
    #expect(refusal(member.withBoth { $0.extra = twice + twice }) == .malformed)
    #expect(refusal(member.withBoth { $0.extra = RawZip.extra(0x7075, [1, 0, 0, 0, 0, 97]) }) == nil)
    // Fields that readers ignore may differ: times, for example.
    #expect(refusal(member.with { $0.local.extra = RawZip.extra(0x5455, [1, 2]) }) == nil)
  }

  @Test func placesThatOverlapOrLeaveGaps() throws {
    let a = Member("a", "first")
    let b = Member("b", "second")
    #expect(refusal(a, b) == nil)
    #expect(refusal(a, b.with { $0.gap = [0] }) == .malformed)
    #expect(refusal(a.with { $0.gap = [0x4d, 0x5a] }, b) == .malformed)
    #expect(refusal(RawZip([a, b]).with { $0.beforeDirectory = [1] }) == .malformed)
    #expect(refusal(RawZip([a, b]).with { $0.afterDirectory = [1] }) == .malformed)
    #expect(refusal(RawZip([]).with { $0.beforeDirectory = [1] }) == .malformed)
    // Two names for the same bytes, and one name for two members.
    #expect(refusal(a, b.with { $0.offset = 0 }) == .malformed)
    #expect(refusal(a, a) == .malformed)
    #expect(refusal(a, b.with { $0.offset = 3 }) == .malformed)
    #expect(refusal(a.with { $0.offset = .max }) == .malformed)
    #expect(refusal(a.with { $0.offset = 36 }, b.with { $0.offset = 0 }) == .malformed)
    // A member that only readers of local headers find.
    let hidden = RawZip([a, Member("hidden", "x"), b]).bytes
    var shown = RawZip([a, b.with { $0.offset = 36 + 37 }])
    shown.members[1].gap = Array(hidden[36..<73])
    shown.members[1].offset = nil
    #expect(refusal(shown) == .malformed)
    // The content of one member overlaps the next.
    let reaching = a.withBoth { $0.compressedSize = 40 }.withBoth { $0.size = 40 }
    #expect(refusal(reaching, b) == .malformed)
    #expect(refusal(reaching) == .malformed)
  }

  @Test(
    arguments: [
      ("", .malformed), ("/", .malformed), ("/a", .unsafe), ("//a", .unsafe), ("a//b", .unsafe), ("a//", .unsafe),
      (".", .unsafe), ("./a", .unsafe), ("a/./b", .unsafe), ("..", .unsafe), ("../a", .unsafe), ("a/..", .unsafe),
      ("a/../b", .unsafe), ("a/../", .unsafe), ("a\\b", .unsafe), ("..\\a", .unsafe), ("C:\\a", .unsafe),
      ("a\u{0}b", .unsafe), ("a\nb", .unsafe), ("a\u{7f}", .unsafe),
      (String(repeating: "a/", count: 300) + "b", .overLimit), (String(repeating: "a", count: 256), .overLimit),
      (String(repeating: "a", count: 5000), .overLimit), ("é", .malformed),
    ] as [(String, ArchiveError.Code)])
  func names(name: String, expected: ArchiveError.Code) {
    #expect(refusal(Member(name)) == expected)
  }

  @Test func moreNames() {
    #expect(refusal(Member([0xff], [], mode: 0).withBoth { $0.flags = 1 << 11 }) == .malformed)
    #expect(refusal(Member("...", "x"), Member("a..b"), Member(" ")) == nil)
    #expect(refusal(Member("a", "1"), Member("A", "2")) == nil)
    #expect(refusal(Member("a", "1"), Member("a/")) == .malformed)
    #expect(refusal(Member("a", "1"), Member("a-b"), Member("a/b")) == .malformed)
    #expect(refusal(Member("a/b/c"), Member("a/b")) == .malformed)
    #expect(refusal(Member("a/"), Member("a/b"), Member("a-")) == nil)
  }

  @Test func kindsOfMembers() throws {
    #expect(refusal(Member("l", "/etc/passwd", mode: 0o120777)) == .unsafe)
    for type: UInt32 in [0o020000, 0o060000, 0o010000, 0o140000, 0o030000] {
      #expect(refusal(Member("d", mode: type | 0o644)) == .unsafe)
    }
    #expect(refusal(Member("d", mode: 0o040755)) == .malformed)
    #expect(refusal(Member("d/", mode: 0o100755)) == .malformed)
    #expect(refusal(Member("d/", mode: 0)) == nil)
    #expect(refusal(Member("d/", "content")) == .malformed)
    #expect(refusal(Member([100, 47], [], deflated: [3, 0], mode: 0)) == nil)
    #expect(refusal(Member([100, 47], [], deflated: [3, 0, 1, 2, 3, 4], mode: 0)) == .malformed)
    #expect(refusal(Member("d", "x").with { $0.disk = 1 }) == .malformed)
    for flag in [0, 6, 13, 4, 5, 7, 9, 10, 12, 14, 15] {
      #expect(refusal(Member("e", "x").withBoth { $0.flags = 1 << UInt16(flag) }) == .unsupported, "flag \(flag)")
    }
    for method: UInt16 in [1, 6, 9, 12, 14, 93, 95, 99, .max] {
      #expect(refusal(Member("m", "x").withBoth { $0.method = method }) == .unsupported)
    }
    #expect(refusal(Member("s", "x").withBoth { $0.size = 2 }) == .malformed)
    #expect(refusal(Member("s").withBoth { $0.crc32 = 1 }) == .malformed)
  }

  @Test func endRecords() {
    let zip = RawZip([Member("a", "1"), Member("b", "2")])
    let changes: [@Sendable (inout RawZip.End) -> Void] = [
      { $0.entries = 1 }, { $0.entries = 3 }, { $0.entriesOnDisk = 1 }, { $0.disk = 1 }, { $0.directoryDisk = 1 },
      { $0.size -= 1 }, { $0.size += 1 }, { $0.offset -= 1 }, { $0.offset += 1 }, { $0.offset = .max },
      { $0.commentLength = 1 }, { $0.commentLength = .max }, { ($0.entries, $0.entriesOnDisk) = (1, 1) },
      { ($0.entries, $0.entriesOnDisk) = (.max, .max) }, { $0.size = .max },
    ]
    for (index, change) in changes.enumerated() {
      let found = refusal(zip.with { $0.changeEnd = change })
      #expect(found == .malformed || found == .unsupported, "\(index)")
    }
    #expect(refusal(zip.with { $0.trailer = [0] }) == .malformed)
    #expect(code { _ = try open([]) } == .malformed)
    #expect(code { _ = try open([UInt8](repeating: 0x50, count: 70_000)) } == .malformed)
  }

  /// Readers search from the end or from the start: both must find the same record.
  @Test func severalEndRecords() {
    let zip = RawZip([Member("a", "1")])
    let other = RawZip([Member("evil", "2")])
    #expect(refusal(zip.with { $0.comment = other.bytes }) == .malformed)
    #expect(refusal(zip.with { $0.trailer = other.bytes }) == .malformed)
    #expect(refusal(zip.with { $0.comment = RawZip.bytes(0x0605_4b50, 4) }) == .malformed)
    // The bytes of a record inside a member's content, as in a stored zip, do not count.
    let inner = Member(Array("inner.zip".utf8), other.bytes, mode: 0o100644)
    #expect(refusal(inner) == nil)
    // A record whose comment reaches the end of the file does.
    let empty = RawZip([]).bytes.dropLast(2)
    let rest = RawZip([Member(Array("i".utf8), Array(empty) + [0, 0], mode: 0)]).bytes.count - (30 + 1 + 22)
    let pretending = Member(Array("i".utf8), Array(empty) + RawZip.bytes(UInt64(rest), 2), mode: 0)
    #expect(refusal(pretending) == .malformed)
  }

  @Test func cutShort() throws {
    let whole = RawZip([Member("a", "abc"), try deflatedMember("b", Array("b".utf8))]).bytes
    for count in 0..<whole.count {
      #expect(code { _ = try open(Array(whole.prefix(count))) } == .malformed, "cut at \(count)")
      #expect(code { _ = try open(Array(whole.suffix(count))) } == .malformed, "cut to \(count)")
    }
  }

  @Test func zip64() throws {
    let wide = RawZip.extra(1, RawZip.bytes(3, 8) + RawZip.bytes(3, 8))
    let inBoth = Member("a", "abc").withBoth { header in
      header.extra = wide
      (header.size, header.compressedSize) = (.max, .max)
    }
    let offset = RawZip.extra(1, RawZip.bytes(37 + 17, 8))
    let last = Member("b", "xyz").with {
      $0.offset = .max
      $0.central.extra = offset
    }
    let zip = RawZip([inBoth, last]).with { $0.zip64 = { _ in } }
    let archive = try open(zip.bytes)
    #expect(try archive.entries.map { text(try archive.content($0).bytes()) } == ["abc", "xyz"])
    // All values, including the one that is in the header.
    let all = inBoth.with { $0.central.extra = RawZip.extra(1, [3, 3, 0].flatMap { RawZip.bytes($0, 8) }) }
    #expect(refusal(all) == nil)
    let broken: [[UInt8]] = [
      [], RawZip.bytes(3, 8), RawZip.bytes(3, 8) + RawZip.bytes(4, 8), RawZip.bytes(3, 8) + RawZip.bytes(.max, 8),
      [3, 3, 1].flatMap { RawZip.bytes($0, 8) }, [3, 3, 0, 0].flatMap { RawZip.bytes($0, 8) }, RawZip.bytes(3, 9),
      RawZip.bytes(.max, 8) + RawZip.bytes(.max, 8), RawZip.bytes(3, 8) + RawZip.bytes(1 << 63, 8),
    ]
    for (index, value) in broken.enumerated() {
      let found = refusal(inBoth.with { $0.central.extra = RawZip.extra(1, value) })
      #expect(found == .malformed || found == .overLimit, "central \(index)")
      #expect(refusal(inBoth.with { $0.local.extra = RawZip.extra(1, value) }) == .malformed, "local \(index)")
    }
    #expect(refusal(inBoth.withBoth { $0.extra = [] }) != nil)
  }

  /// More than 4 GiB, but only the headers are read.
  @Test func offsetsBeyond32Bits() throws {
    let size: UInt64 = 5 << 30
    let wide = RawZip.bytes(size, 8) + RawZip.bytes(size, 8)
    let large = Member("large").withBoth { header in
      header.extra = RawZip.extra(1, wide)
      (header.size, header.compressedSize, header.crc32) = (.max, .max, 7)
    }
    let first = RawZip.local(large)
    let offset = UInt64(first.count) + size
    let small = Member("small", "abc").with { $0.central.extra = RawZip.extra(1, RawZip.bytes(offset, 8)) }
    let second = RawZip.local(small)
    let directory = RawZip.central(large, offset: 0) + RawZip.central(small, offset: .max)
    let directoryOffset = offset + UInt64(second.count)
    var end = RawZip.End64(
      entriesOnDisk: 2, entries: 2, size: UInt64(directory.count), offset: directoryOffset,
      locatorOffset: directoryOffset + UInt64(directory.count))
    func blob() -> BytesAroundHole {
      let narrow = RawZip.bytes(0x0605_4b50, 4) + [0, 0, 0, 0] + [UInt8](repeating: 0xff, count: 12) + [0, 0]
      return BytesAroundHole(before: first, hole: size, after: second + directory + RawZip.zip64End(end) + narrow)
    }
    let archive = try ZipArchive(blob(), name: "large.zip")
    #expect(archive.entries.map(\.size) == [size, 3])
    #expect(try archive.content(archive.entries[1]).bytes() == Array("abc".utf8))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
    defer { buffer.deallocate() }
    #expect(try archive.content(archive.entries[0]).open(at: 5).read(into: buffer) == 64)
    end.offset &+= 1 << 32
    #expect(code { _ = try ZipArchive(blob(), name: "large.zip") } == .malformed)
  }

  @Test func endRecordsOfZip64() {
    let zip = RawZip([Member("a", "1"), Member("b", "2")])
    #expect(refusal(zip.with { $0.zip64 = { _ in } }) == nil)
    let changes: [@Sendable (inout RawZip.End64) -> Void] = [
      { $0.recordSize = 45 }, { $0.recordSize = 0 }, { $0.recordSize = .max }, { $0.disk = 1 }, { $0.entries = 1 },
      { $0.entriesOnDisk = 3 }, { $0.size += 1 }, { $0.size = .max }, { $0.offset += 1 }, { $0.offset = .max },
      { $0.locatorDisk = 1 }, { $0.locatorOffset += 1 }, { $0.locatorOffset = 0 }, { $0.locatorOffset = .max },
      { $0.disks = 2 }, { ($0.entries, $0.entriesOnDisk) = (.max, .max) },
      { ($0.size, $0.offset) = (.max - 1, 2) },
    ]
    for (index, change) in changes.enumerated() {
      let found = refusal(zip.with { $0.zip64 = change })
      #expect(found == .malformed || found == .unsupported || found == .overLimit, "\(index)")
    }
    // Where both records have a value, the values must agree.
    #expect(
      refusal(
        zip.with {
          $0.zip64 = { _ in }
          $0.changeEnd = { $0.entries = 1 }
        }) == .malformed)
    #expect(
      refusal(
        zip.with {
          $0.zip64 = { _ in }
          $0.changeEnd = { ($0.entries, $0.entriesOnDisk) = (2, 2) }
        }) == nil)
  }

  @Test func limits() throws {
    var limits = ZipLimits()
    limits.members = 2
    #expect(refusal(Member("a"), Member("b"), limits: limits) == nil)
    #expect(refusal(Member("a"), Member("b"), Member("c"), limits: limits) == .overLimit)
    limits = ZipLimits()
    limits.memberBytes = 3
    #expect(refusal(Member("a", "123"), Member("b", "123"), limits: limits) == nil)
    #expect(refusal(Member("a", "1234"), limits: limits) == .overLimit)
    limits.totalBytes = 5
    #expect(refusal(Member("a", "123"), Member("b", "12"), limits: limits) == nil)
    #expect(refusal(Member("a", "123"), Member("b", "123"), limits: limits) == .overLimit)
    limits = ZipLimits()
    limits.nameBytes = 5
    #expect(refusal(Member("abc"), Member("de"), limits: limits) == nil)
    #expect(refusal(Member("abc"), Member("def"), limits: limits) == .overLimit)
    // 128 MiB from 128 KiB, as deflate can.
    let bomb = Member(Array("b".utf8), [], deflated: [UInt8](repeating: 0, count: 1 << 17), mode: 0)
      .withBoth { ($0.size, $0.crc32) = (1 << 27, 1) }
    #expect(refusal(bomb) == .overLimit)
    // Spread over many small members.
    let many = (0..<40).map { index in
      Member(Array("b\(index)".utf8), [], deflated: [UInt8](repeating: 0, count: 100), mode: 0)
        .withBoth { ($0.size, $0.crc32) = (1 << 25, 1) }
    }
    #expect(refusal(RawZip(many)) == .overLimit)
  }

  @Test func contentsThatAreNotWhatIsAnnounced() throws {
    let content = Array(String(repeating: "some content ", count: 100).utf8)
    let packed = try deflated(content)
    let good = Member(Array("m".utf8), content, deflated: packed, mode: 0)
    func failure(_ member: RawZip.Member) -> ArchiveError.Code? {
      code {
        let archive = try open(RawZip([member]).bytes)
        _ = try archive.content(archive.entries[0]).bytes()
      }
    }
    func repacked(_ data: [UInt8]) -> RawZip.Member {
      good.with { $0.data = data }.withBoth { $0.compressedSize = UInt32(data.count) }
    }
    #expect(failure(good) == nil)
    #expect(failure(good.withBoth { $0.crc32 ^= 1 }) == .malformed)
    #expect(failure(good.withBoth { $0.size += 1 }) == .malformed)
    #expect(failure(good.withBoth { $0.size -= 1 }) == .malformed)
    #expect(failure(good.withBoth { ($0.size, $0.crc32) = (0, 0) }) == .malformed)
    #expect(failure(repacked(packed + [0])) == .malformed)
    #expect(failure(repacked(packed + packed)) == .malformed)
    #expect(failure(repacked(Array(packed.dropLast()))) == .malformed)
    #expect(failure(repacked([])) == .malformed)
    #expect(failure(repacked([7, 7, 7])) == .malformed)
    #expect(failure(repacked(Array(packed.prefix(20)) + [packed[20] ^ 0x10] + packed.dropFirst(21))) == .malformed)
    #expect(failure(Member("s", "text").with { $0.data[0] ^= 1 }) == .malformed)
    #expect(failure(Member([110], [], deflated: [3, 0], mode: 0)) == nil)
    #expect(failure(Member([110], [], deflated: [3, 0, 0], mode: 0)) == .malformed)
    #expect(failure(Member([110], [], deflated: [], mode: 0)) == .malformed)
  }

  /// The error comes before the last byte, so that it is not missed by reading exactly the announced size.
  @Test(arguments: [true, false]) func theLastByteIsHeldBack(compressed: Bool) throws {
    let content = Array("0123456789".utf8)
    let member = Member([109], content, deflated: compressed ? try deflated(content) : nil, mode: 0)
      .withBoth { $0.crc32 ^= 1 }
    let archive = try open(RawZip([member]).bytes)
    let source = try archive.content(archive.entries[0]).open(at: 0)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 3, alignment: 1)
    defer { buffer.deallocate() }
    for _ in 0..<3 { #expect(try source.read(into: buffer) == 3) }
    #expect(code { _ = try source.read(into: buffer) } == .malformed)
  }

  @Test func aFileThatShrinks() throws {
    struct Shrunk: Blob {
      let content: [UInt8]
      let size: UInt64
      func open(at offset: UInt64) throws -> any ByteSource { try BytesBlob(content).open(at: offset) }
    }
    let whole = RawZip([Member("a", String(repeating: "x", count: 5000))]).bytes
    #expect(code { _ = try ZipArchive(Shrunk(content: [], size: UInt64(whole.count)), name: "z") } == .changed)
    #expect(code { _ = try ZipArchive(Shrunk(content: whole, size: .max), name: "z") } == .changed)
  }
}
