import OpzArchive
import OpzIO
import OpzTestKit
import Testing

/// A mutated zip file is refused, or every name still has its original bytes.
@Suite("Mutated zip files") struct ZipFuzzTests {
  private static func seed() throws -> (RawZip, [[UInt8]: [UInt8]]) {
    var random = Seeded(5)
    let contents = ["a.py": Array("text".utf8), "d/large": random.bytes(3000), "d/wide": random.bytes(500), "e": []]
    let names = contents.keys.sorted()
    var members = try names.map { name in
      let content = contents[name] ?? []
      return RawZip.Member(
        Array(name.utf8), content, deflated: content.count > 100 ? try deflated(content) : nil, mode: 0o100644)
    }
    members[1] = members[1].describedAfter()
    members[2] = members[2].withBoth { header in
      header.extra = RawZip.extra(
        1, RawZip.bytes(UInt64(header.size), 8) + RawZip.bytes(UInt64(header.compressedSize), 8))
      (header.size, header.compressedSize) = (.max, .max)
    }
    members.append(RawZip.Member("d/"))
    let expected = Dictionary(uniqueKeysWithValues: contents.map { (Array($0.key.utf8), $0.value) })
    return (RawZip(members).with { $0.comment = [1, 2, 3] }, expected)
  }

  @Test(arguments: 0..<20, [false, true]) func mutations(seed: UInt64, isZip64: Bool) throws {
    var random = Seeded(seed &+ 99)
    let (zip, contents) = try ZipFuzzTests.seed()
    let whole = isZip64 ? zip.with { $0.zip64 = { _ in } }.bytes : zip.bytes
    var opened = 0
    for round in 0..<200 {
      let bytes = ZipFuzzTests.mutated(whole, &random)
      guard let archive = try? ZipArchive(BytesBlob(bytes), name: "z") else { continue }
      opened += 1
      for entry in archive.entries where !entry.isDirectory {
        guard let content = try? archive.content(entry).bytes() else { continue }
        #expect(content == contents[entry.path], "seed \(seed), round \(round), \(entry.path)")
      }
    }
    #expect((1..<200).contains(opened), "the mutations are neither all harmless nor all plainly broken")
  }

  private static func mutated(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      // The headers are at the end, so more mutations go there.
      let first = Bool.random(using: &random) ? 0 : max(0, bytes.count - 450)
      guard first < bytes.count else { return bytes }
      let place = Int.random(in: first..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes[place] = [0, 1, 8, 0x2e, 0x2f, 0x50, 0x7f, 0xff].randomElement(using: &random) ?? 0
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...50, using: &random)))
      case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 46)], at: place)
      default:
        for index in place..<min(bytes.count, place + 4) { bytes[index] = 0xff }
      }
    }
    return bytes
  }
}
