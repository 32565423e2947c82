public import OpzIO

/// The compression of a whole file, recognized by its magic bytes.
public enum StreamFormat: String, Sendable, CaseIterable {
  case gzip, zlib, bzip2, xz, lzma, zstd, lz4, lzip, compress

  /// A format that a file may have.
  public struct Candidate: Sendable, Hashable {
    public let format: StreamFormat
    /// Where the compressed data start, in bytes. joblib before 0.10 wrote a mark and a length before them.
    public let offset: UInt64
    /// Whether the mark is so long that other files hardly start with it.
    public let isCertain: Bool
  }

  /// Returns the formats that the first bytes of a file match; several where a mark is short. 25 bytes suffice.
  public static func candidates(_ head: [UInt8]) -> [Candidate] {
    var found: [Candidate] = []
    func add(_ format: StreamFormat, certain: Bool = true, at offset: UInt64 = 0) {
      found.append(Candidate(format: format, offset: offset, isCertain: certain))
    }
    for (mark, format) in marks where head.starts(with: mark) { add(format) }
    // zstd before 1.0 used other first bytes.
    if head.count >= 4, head[1...].starts(with: [0xB5, 0x2F, 0xFD]), (0x1E...0x27).contains(head[0]) { add(.zstd) }
    // Skippable frames, which exist in both zstd and lz4 (RFC 8878, 3.1.2).
    if head.count >= 8, head[0] & 0xF0 == 0x50, head[1...].starts(with: [0x2A, 0x4D, 0x18]) {
      add(.zstd, certain: false)
      add(.lz4, certain: false)
    }
    if isBzip2(head) { add(.bzip2) }
    if let certain = lzma(head) { add(.lzma, certain: certain) }
    if isZlib(head[...]) { add(.zlib, certain: false) }
    if let offset = joblibOffset(head) { add(.zlib, at: offset) }
    return found
  }

  private static let marks: [([UInt8], StreamFormat)] = [
    ([0x1F, 0x8B, 8], .gzip), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], .xz), ([0x28, 0xB5, 0x2F, 0xFD], .zstd),
    ([0x04, 0x22, 0x4D, 0x18], .lz4), ([0x02, 0x21, 0x4C, 0x18], .lz4), ([0x1F, 0x9D], .compress),
    (Array("LZIP".utf8) + [1], .lzip),
  ]

  /// Returns the formats that a file may have, among them that of the first stream with content behind LZMA streams without.
  /// - Parameter head: the file's first bytes.
  /// - Throws: what reading the blob throws.
  public static func candidates(in blob: any Blob, _ head: [UInt8]) throws -> [Candidate] {
    let found = candidates(head)
    guard LZMAStreams.isEmpty(head[...]), let next = try LZMAStreams.next(in: blob, from: 0) else { return found }
    return found + [next]
  }

  /// `BZh`, a level, then the mark of a block or of the end.
  private static func isBzip2(_ head: [UInt8]) -> Bool {
    guard head.count >= 10, head.starts(with: Array("BZh".utf8)), (0x31...0x39).contains(head[3]) else { return false }
    let mark = head[4..<10]
    return mark.elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
      || mark.elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
  }

  /// The legacy LZMA format has no mark.
  /// - Returns: whether this is certain; nil when it cannot be LZMA. A stream without content is none: what follows it may be one.
  private static func lzma(_ head: [UInt8]) -> Bool? {
    guard LZMAStreams.isHeader(head[...]), LZMAStreams.size(head[...]) > 0 else { return nil }
    return head[0] == 0x5D && head[1] == 0 && head[2...4].contains { $0 != 0 }
  }

  /// The two-byte header of RFC 1950 without a preset dictionary, then a first block of a valid type (RFC 1951,
  /// 3.2.3).
  static func isZlib(_ head: ArraySlice<UInt8>) -> Bool {
    guard head.count >= 3 else { return false }
    let (method, flags, block) = (head[head.startIndex], head[head.startIndex + 1], head[head.startIndex + 2])
    return method & 0x0F == 8 && method >> 4 <= 7 && flags & 0x20 == 0
      && (Int(method) << 8 | Int(flags)) % 31 == 0 && block >> 1 & 3 != 3
  }

  /// `ZF`, the length in 19 characters that Python's `int` parses in base 16, with old Pythons one more space, then
  /// zlib.
  private static func joblibOffset(_ head: [UInt8]) -> UInt64? {
    guard head.count > 24, head.starts(with: Array("ZF".utf8)) else { return nil }
    let hexadecimal = Set("0123456789abcdefABCDEFxX+-_ \t\r\n".utf8)
    guard head[2..<21].allSatisfy(hexadecimal.contains) else { return nil }
    return head[21] == 0x20 ? 22 : 21
  }
}
