import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("Blobs")
struct BlobTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func blobs(_ content: [UInt8]) throws -> [any Blob] {
    let path = directory.path.appending("blob")
    try Durable.replace(path, with: content)
    return [BytesBlob(content), try FileBlob(path)]
  }

  @Test("can be opened at any offset and have the same bytes", arguments: [0, 1, 7, 4095, 4096, 5000, 9999, 10000])
  func offsets(offset: Int) throws {
    var random = SeededGenerator(seed: 1)
    let content = random.bytes(10_000)
    for blob in try blobs(content) {
      #expect(blob.size == 10_000)
      let source = try blob.open(at: UInt64(offset))
      var read: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 333)
      while true {
        let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
        if count == 0 { break }
        read += buffer[..<count]
      }
      #expect(read == Array(content[offset...]))
    }
  }

  @Test("an offset past the end counts as the end")
  func pastEnd() throws {
    for blob in try blobs([1, 2, 3]) {
      var buffer = [UInt8](repeating: 0, count: 8)
      let source = try blob.open(at: 4)
      #expect(try buffer.withUnsafeMutableBytes { try source.read(into: $0) } == 0)
    }
  }

  @Test("a file that became shorter is an error, not a shorter blob")
  func shorter() throws {
    let path = try directory.write("file", "0123456789")
    let blob = try FileBlob(path)
    try Durable.replace(path, with: Array("0123".utf8))
    #expect(throws: IOFailure.self) { try blob.bytes() }
  }

  @Test("times are written in the format of RFC 3339")
  func times() {
    #expect(Timestamp(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: 1_795_000_000_123).description == "2026-11-18T11:06:40.123Z")
    #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
    #expect(Timestamp(seconds: 253_402_300_799)?.seconds == "9999-12-31T23:59:59Z")
    #expect(Timestamp(seconds: 253_402_300_800) == nil)
    #expect(Timestamp(seconds: -1) == nil)
  }
}
