import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("R objects")
struct RObjectTests {
  /// The header of version 2, and 32-bit items.
  private static func xdr(_ items: [Int32], _ tail: [UInt8] = []) -> [UInt8] {
    Array("X\n".utf8)
      + ([2, 0x40202, 0x20300] + items).flatMap { item in
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: item >> Int32($0)) }
      } + tail
  }

  @Test("lists that are as long or as deep as the file has bytes cost time only in proportion")
  func deep() {
    // list(list(list(..))), a hundred thousand levels deep; pairlists of that length.
    let lists = RObjectTests.xdr([Int32](repeating: 0, count: 100_000).flatMap { _ in [19, 1] as [Int32] } + [254])
    #expect(FormatScan.report("a.rds", lists).isClean)
    let pairs = RObjectTests.xdr([Int32](repeating: 0, count: 100_000).flatMap { _ in [2, 254] as [Int32] } + [254])
    #expect(FormatScan.report("a.rds", pairs).isClean)
    let calls = RObjectTests.xdr([Int32](repeating: 0, count: 100_000).flatMap { _ in [6] as [Int32] } + [254, 254])
    #expect(!FormatScan.report("a.rds", calls).isClean)
  }

  @Test(
    "lengths beyond the end of the bytes are errors",
    arguments: [
      [19, 0x7FFF_FFFF], [19, -1, 0x7FFF_FFFF, -1], [14, -1, 0xFFFF, -1], [16, 0x7FFF_FFFF], [24, -2], [9, -5],
      [15, -1, 1, 0],
      [255], [0x1FF], [1, 254], [21, -1], [8, 100_000], [247, 0, -1], [200], [243], [13],
    ] as [[Int32]])
  func lengths(_ items: [Int32]) { #expect(!FormatScan.report("a.rds", RObjectTests.xdr(items)).isClean) }

  @Test("an environment that contains itself is visited once")
  func cycle() {
    // An environment whose enclosure is itself.
    #expect(FormatScan.report("a.rds", RObjectTests.xdr([4, 0, 0x1FF, 254, 254, 254])).isClean)
  }

  @Test("an allowed function passes")
  func allowed() throws {
    let name = Array("readRDS".utf8)
    let code = RObjectTests.xdr([0x403, 253, 254, 6, 1, 0x40009, 7], name + [0, 0, 0, 254])
    #expect(FormatScan.report("a.rds", code).findings.contains { $0.level == .error && $0.text.contains("readRDS") })
    #expect(FormatScan.report("a.rds", code, allowed: ["R.readRDS"]).isClean)
  }
}
