import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

/// Mutated archives: any result is right except a trap or a hang.
@Suite struct FuzzTests {
  private static func seedTar() -> [UInt8] {
    RawTar.bytes([
      RawTar.pax([("comment", "x")], "g"), RawTar.Entry("d/", "5"), RawTar.Entry("d/f", content: "content"),
      RawTar.pax([("path", "models/é"), ("size", "5"), ("uid", "3000000")]), RawTar.Entry("x", content: "12345"),
      RawTar.Entry("././@LongLink", "L", content: String(repeating: "y", count: 200)), RawTar.Entry("y"),
      RawTar.Entry("s", "2", link: "d/f"), RawTar.Entry("h", "1", link: "d/f"), RawTar.Entry(".wh.gone"),
      RawTar.Entry("d/.wh..wh..opq"), RawTar.Entry("dev", "3"),
    ])
  }

  /// 3000 tars, most with corrected checksums after the damage, so that the fields are read.
  @Test(arguments: 0..<30) func tars(seed: UInt64) throws {
    var random = Seeded(seed)
    var accepted = 0
    for _ in 0..<100 {
      let bytes = FuzzTests.mutated(FuzzTests.seedTar(), &random, repairing: Int.random(in: 0..<5, using: &random) > 0)
      if (try? LayerStack([layer(RawTar.bytes([RawTar.Entry("gone")])), layer(bytes)]).tree()) != nil { accepted += 1 }
    }
    #expect((1..<100).contains(accepted), "the mutations are neither all harmless nor all plainly broken")
  }

  @Test(arguments: 0..<10) func gzips(seed: UInt64) throws {
    var random = Seeded(seed &+ 77)
    let whole = try gzip(FuzzTests.seedTar())
    for _ in 0..<100 {
      let bytes = FuzzTests.mutated(whole, &random, repairing: false)
      let input = layer(bytes, .gzip, diffID: .of(FuzzTests.seedTar()))
      if let tree = try? LayerStack([input]).tree() { #expect(tree["d/f"] != nil, "the digest held") }
    }
  }

  /// Unpacked files stay in their directory, whatever the archive says.
  @Test(arguments: 0..<10) func unpacking(seed: UInt64) throws {
    var random = Seeded(seed &+ 7777)
    try withDirectory { (directory) throws in
      for round in 0..<30 {
        let bytes = FuzzTests.mutated(FuzzTests.seedTar(), &random, repairing: true)
        var unpacker = LayerUnpacker()
        unpacker.specialFiles = .skip
        unpacker.leavingLinks = .keep
        _ = try? unpacker.unpack(LayerStack([layer(bytes)]), into: directory.appending("t\(round)"))
      }
      #expect(try Directory.entries(directory).allSatisfy { $0.string.hasPrefix("t") })
    }
  }

  private static func mutated(_ bytes: [UInt8], _ random: inout Seeded, repairing: Bool) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = [0, 0x2e, 0x2f, 0x30, 0x37, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...600, using: &random)))
      case 3: bytes.insert(contentsOf: bytes[..<min(512, bytes.count)], at: place / 512 * 512)
      default:
        // A header field: name, numbers, type, link.
        let field = [0, 100, 108, 116, 124, 136, 156, 157, 257, 345].randomElement(using: &random) ?? 0
        let index = place / 512 * 512 + field
        if index < bytes.count { bytes[index] = UInt8.random(in: .min ... .max, using: &random) }
      }
      if bytes.isEmpty { return bytes }
    }
    return repairing ? repaired(bytes) : bytes
  }

  /// Corrects the checksum of every block that looks like a header.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257] == UInt8(ascii: "u") {
      for index in 148..<156 { bytes[start + index] = 32 }
      let sum = String(bytes[start..<(start + 512)].reduce(0) { $0 + Int($1) }, radix: 8)
      let field = Array((String(repeating: "0", count: max(0, 6 - sum.count)) + sum).utf8) + [0, 32]
      for (index, byte) in field.prefix(8).enumerated() { bytes[start + 148 + index] = byte }
    }
    return bytes
  }
}
