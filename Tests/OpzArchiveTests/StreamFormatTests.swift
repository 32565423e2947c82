import OpzIO
import OpzTestKit
import Testing

@testable import OpzArchive

@Suite("Compressed files")
struct StreamFormatTests {
  /// A compressor of Python's standard library, and the format that it writes.
  struct Packer: Sendable, CustomTestStringConvertible {
    let format: StreamFormat
    let expression: String
    var testDescription: String { "\(format): \(expression)" }
  }

  static let packers = [
    Packer(format: .gzip, expression: "gzip.compress(data)"),
    Packer(format: .zlib, expression: "zlib.compress(data, 1)"),
    Packer(format: .zlib, expression: "zlib.compress(data, 9)"),
    Packer(format: .bzip2, expression: "bz2.compress(data)"),
    Packer(format: .xz, expression: "lzma.compress(data)"),
    Packer(format: .lzma, expression: "lzma.compress(data, lzma.FORMAT_ALONE)"),
    Packer(format: .zlib, expression: "b'ZF' + hex(len(data)).encode().ljust(19) + zlib.compress(data)"),
    Packer(format: .gzip, expression: "gzip.compress(data[:99]) + gzip.compress(data[99:])"),
    Packer(format: .bzip2, expression: "bz2.compress(data[:99]) + bz2.compress(data[99:])"),
    Packer(format: .xz, expression: "lzma.compress(data[:99]) + lzma.compress(data[99:])"),
    Packer(format: .lzma, expression: "alone(data[:99]) + alone(data[99:], dict_size=3 << 16)"),
    Packer(format: .lzma, expression: "alone(data[:99]) + lzma.compress(data[99:])"),
    Packer(format: .lzma, expression: "alone(b'') + alone(data)"),
    Packer(format: .lzma, expression: "alone(data[:99]) + empty * 1000 + alone(data[99:]) + b'what no reader reads'"),
    Packer(format: .lzma, expression: "alone(data, lc=0, lp=4, pb=4)"),
    Packer(format: .lzma, expression: "alone(data)[:1] + b'\\xff' * 4 + alone(data)[5:]"),
    Packer(format: .lzma, expression: "alone(data, dict_size=4096)[:1] + bytes(4) + alone(data, dict_size=4096)[5:]"),
    Packer(format: .lzma, expression: "alone(data)[:5] + len(data).to_bytes(8, 'little') + alone(data)[13:]"),
    Packer(format: .lzma, expression: "empty * 1000 + alone(data)"),
  ]

  /// Random numbers, so that the compressed data is large.
  static let data: [UInt8] = {
    var random = SeededGenerator(seed: 11)
    return (0..<300_000).map { _ in UInt8.random(in: 0...200, using: &random) }
  }()

  static func packed(_ packer: Packer) throws -> [UInt8] {
    let script = """
      import bz2, gzip, io, lzma, sys, zlib
      def alone(data, **options):
        return lzma.compress(data, lzma.FORMAT_ALONE, filters=[dict(id=lzma.FILTER_LZMA1, dict_size=1 << 16) | options])
      empty = b"\\x5d\\0\\0\\x01" + bytes(14)
      data = sys.stdin.buffer.read()
      packed = \(packer.expression)
      if "\(packer.format)" == "lzma": assert lzma.LZMAFile(io.BytesIO(packed)).read() == data
      sys.stdout.buffer.write(packed)
      """
    let result = try Python.run(["-c", script], input: data)
    try #require(result.status == 0, "\(result.errorText)")
    return result.output
  }

  static func unpacked(_ bytes: [UInt8], _ format: StreamFormat) throws -> (bytes: [UInt8], problem: (any Error)?) {
    let candidate = try #require(
      StreamFormat.candidates(in: BytesBlob(bytes), Array(bytes.prefix(4096))).first { $0.format == format })
    let source = try UnpackingSource(BytesBlob(bytes), candidate, name: "a")
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    do {
      while true {
        let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
        if count == 0 { return (all, nil) }
        all += buffer[..<count]
      }
    } catch {
      return (all, error)
    }
  }

  @Test("each format is recognized by its first bytes and unpacked, including concatenated streams", arguments: packers)
  func whole(_ packer: Packer) throws {
    let result = try StreamFormatTests.unpacked(try StreamFormatTests.packed(packer), packer.format)
    #expect(result.problem == nil && result.bytes == StreamFormatTests.data)
  }

  @Test("bytes before the damage are returned, then the damage is an error", arguments: packers.prefix(7))
  func cut(_ packer: Packer) throws {
    let bytes = try StreamFormatTests.packed(packer)
    let result = try StreamFormatTests.unpacked(Array(bytes.prefix(bytes.count / 2)), packer.format)
    #expect(result.problem != nil)
    #expect(StreamFormatTests.data.starts(with: result.bytes))
    // bzip2 unpacks block by block, and this file has only one block.
    if packer.format != .bzip2 { #expect(result.bytes.count > 50_000) }
  }

  @Test(
    "texts, pickles and archives do not count as compressed",
    arguments: [
      "hello, this is a text", "x = 1\n", "\u{1}\u{2}", "PK\u{3}\u{4}", "{\"a\": 1}", "", "BZh", "ZF", "]\u{0}\u{0}",
    ])
  func others(_ text: String) {
    #expect(StreamFormat.candidates(Array(text.utf8)).filter(\.isCertain) == [])
  }
}
