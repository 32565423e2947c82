import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Models in binary formats")
struct BinaryFormatTests {
  @Test("protobuf messages with false lengths are not messages")
  func protobuf() throws {
    for bytes in [
      [0x0A, 5, 1], [0x80, 0x80, 0x80], [0x0B], [0x00],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
    ] as [[UInt8]] {
      let window = BlobWindow(BytesBlob(bytes))
      #expect(try ProtobufMessage.fields(0..<window.size, window) == nil, "\(bytes)")
      #expect(!FormatScan.report("saved_model.pb", bytes).isClean, "\(bytes)")
    }
    let window = BlobWindow(BytesBlob([0x08, 1, 0x12, 1, 7, 0x1D, 0, 0, 0, 0]))
    #expect(try ProtobufMessage.fields(0..<window.size, window) == [2])
  }

  @Test("GGUF with counts and lengths beyond the end of the file")
  func gguf() {
    let head = Array("GGUF".utf8)
    let huge = FormatScan.number(.max, 8)
    for tail in [
      [], FormatScan.number(3, 4), FormatScan.number(9, 4) + huge, FormatScan.number(3, 4) + huge + huge,
      FormatScan.number(3, 4) + FormatScan.number(0, 8) + FormatScan.number(1, 8) + huge,
      FormatScan.number(3, 4) + FormatScan.number(0, 8) + FormatScan.number(1, 8) + FormatScan.number(1, 8) + [0x61]
        + FormatScan.number(9, 4)
        + FormatScan.number(10, 4) + huge,
    ] as [[UInt8]] {
      #expect(!FormatScan.report("m.gguf", head + tail).isClean, "\(tail)")
    }
    let empty = FormatScan.number(3, 4) + FormatScan.number(0, 8) + FormatScan.number(0, 8)
    #expect(FormatScan.report("m.gguf", head + empty).findings == [])
  }

  @Test("HDF5 whose parts point to themselves or nowhere is an error")
  func hdf5() {
    let zeros = [UInt8](repeating: 0, count: 4096)
    #expect(!FormatScan.report("m.h5", HDF5File.signature + zeros).isClean)
    // Version 2, 8-byte addresses, a root whose header continues in itself.
    let head =
      HDF5File.signature + [2, 8, 8, 0] + FormatScan.number(0, 8) + FormatScan.number(.max, 8)
      + FormatScan.number(200, 8)
    let root = FormatScan.number(48, 8) + [0, 0, 0, 0]
    let message: [UInt8] = [0x10, 16, 0, 0] + FormatScan.number(55, 8) + FormatScan.number(20, 8)
    let file = head + root + Array("OHDR".utf8) + [2, 0, 20] + message + [UInt8](repeating: 0, count: 200)
    #expect(FormatScan.report("m.h5", file).findings.contains { $0.text.contains("continues in itself") })
    #expect(!FormatScan.report("m.h5", [1, 2, 3, 4]).isClean)
  }

  @Test("a verdict lists what it covers, and what was not judged")
  func coverage() {
    let report = FormatScan.report("app.py", "import os\n")
    #expect(report.coverage == ["programs, which were not judged": 1])
    #expect(FormatScan.report("a.json", "{}").coverage == ["JSON documents": 1])
    #expect(FormatScan.report("a.csv", "1,2\n").coverage == [ScanReport.unknownFormatName: 1])
    #expect(FormatScan.report("a.pkl", [0x80, 4, 0x4E, 0x2E]).coverage == ["pickles": 1])
    let library = FormatScan.report("a.so", [0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 0, count: 100))
    #expect(library.findings.map(\.level) == [.note])
  }
}
