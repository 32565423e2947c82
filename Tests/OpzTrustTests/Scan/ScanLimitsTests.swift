import OpzArchive
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("The scan's limits, and nested files")
struct ScanLimitsTests {
  static let evil = Array("cos\nsystem\n(Vopz-no-such-program\ntR.".utf8)

  /// A tar with one file.
  static func tar(_ name: String, _ content: [UInt8]) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
    }
    put(name, at: 0)
    put("0000644\u{0}0000000\u{0}0000000\u{0}", at: 100)
    let size = String(content.count, radix: 8)
    put(String(repeating: "0", count: 11 - size.count) + size + "\u{0}00000000000\u{0}        0", at: 124)
    put("ustar\u{0}00", at: 257)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ", at: 148)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512 + 1024)
  }

  @Test("nested files are scanned eight levels deep, and deeper nesting is an error")
  func depth() {
    var bytes = ScanLimitsTests.evil
    for level in 1...12 {
      bytes = ScanLimitsTests.tar("inner\(level).tar", bytes)
      let report = PickleTests.scan("outer.tar", bytes)
      #expect(report.findings.map(\.rule) == [level <= FileScanner.depthLimit ? .pickleCall : .unread], "\(level)")
      #expect(!report.isClean)
    }
  }

  @Test("above ten thousand findings, the scan says that there are more and is not clean")
  func findings() {
    var report = ScanReport()
    let finding = { ScanReport.Finding(rule: .pickleCall, level: $0, path: "a", offset: nil, text: "b") }
    for _ in 0..<10_050 { report.add(finding(.error), .wheel) }
    #expect(report.isClean && report.findings.count == 10_001)
    for _ in 0..<10_050 { report.add(finding(.error), .project) }
    #expect(report.findings.count == 20_002)
    #expect(report.findings.last?.rule == .unread && report.findings.last?.level == .error)
  }

  @Test("an error in a wheel's file is only a note; the same file elsewhere is an error")
  func wheels() {
    var scanner = FileScanner(ScanReport())
    scanner.scan("site-packages/a/tests/data.pkl", BytesBlob(ScanLimitsTests.evil), secrets: false, origin: .wheel)
    #expect(scanner.report.findings.map(\.level) == [.note] && scanner.report.isClean)
    scanner.scan("app/data.pkl", BytesBlob(ScanLimitsTests.evil), secrets: false)
    #expect(!scanner.report.isClean)
  }

  /// Bytes that never end.
  private final class Endless: ByteSource {
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      return buffer.count
    }
  }

  @Test("what unpacks to more than the limit is read up to the limit, and is an error")
  func bombs() throws {
    let outcome = try SpooledBlob.spool(Endless(), limit: 40 << 20)
    guard case .overLimit? = outcome.problem else {
      Issue.record("there is no limit")
      return
    }
    #expect(outcome.blob.size <= 40 << 20)
    var scanner = FileScanner(ScanReport())
    let file = try ScannedFile("a.bin", BytesBlob([0, 1, 2]), context: ScanContext(origin: .project, secrets: false))
    try scanner.unpack(in: file, at: "b", BytesSourceOf(ScanLimitsTests.evil), orElse: nil)
    // Nothing may be unpacked before the next file is started.
    #expect(scanner.report.findings.map(\.rule) == [.unread])
  }

  private final class BytesSourceOf: ByteSource {
    private let source: (any ByteSource)?
    init(_ bytes: [UInt8]) { source = try? BytesBlob(bytes).open(at: 0) }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source?.read(into: buffer) ?? 0 }
  }

  @Test("a spooled file is removed with its last copy, and can be read from any offset")
  func spooled() throws {
    final class Count: ByteSource {
      var left = 40 << 20
      func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, left)
        for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: (left - index) >> 12) }
        left -= count
        return count
      }
    }
    let blob = try SpooledBlob.spool(Count(), limit: .max).blob
    #expect(blob.size == 40 << 20)
    var bytes = try PickleBytes(blob, at: (40 << 20) - 4096)
    #expect(try bytes.bytes(2) == [1, 0])
  }
}
