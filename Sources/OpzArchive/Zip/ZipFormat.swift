/// Constants of the zip format (PKWARE's APPNOTE.TXT 6.3.10, whose sections are cited here).
enum ZipFormat {
  enum Signature {
    static let localHeader: UInt32 = 0x0403_4b50
    static let descriptor: UInt32 = 0x0807_4b50
    static let directoryHeader: UInt32 = 0x0201_4b50
    static let end: UInt32 = 0x0605_4b50
    static let end64: UInt32 = 0x0606_4b50
    static let locator64: UInt32 = 0x0706_4b50
  }

  /// Sizes of records without their variable parts, in bytes.
  enum Length {
    static let localHeader = 30
    static let directoryHeader = 46
    static let end = 22
    static let end64 = 56
    static let locator64 = 20
    /// The longest plain deflate stream of no bytes: one stored block.
    static let deflatedNothing = 5
  }

  /// General purpose bits (4.4.4).
  enum Flag {
    static let descriptor: UInt16 = 1 << 3
    static let utf8: UInt16 = 1 << 11
    /// Encryption, strong encryption, masked headers.
    static let encryption: UInt16 = 1 << 0 | 1 << 6 | 1 << 13
    /// The flags that opz reads: the two above, and how hard the compressor tried.
    static let known: UInt16 = 1 << 1 | 1 << 2 | descriptor | utf8
  }

  /// Compression methods (4.4.5).
  enum Method: UInt16 {
    case stored = 0
    case deflate = 8
  }

  /// Extra fields (4.5.2) that can change how a reader interprets a member.
  enum Extra {
    static let zip64: UInt16 = 0x0001
    static let unicodePath: UInt16 = 0x7075
  }

  /// The bits of a Unix mode that encode the file type.
  enum FileType {
    static let mask: UInt32 = 0o170000
    static let regular: UInt32 = 0o100000
    static let directory: UInt32 = 0o040000
    static let symlink: UInt32 = 0o120000
  }

  /// A 16-bit field whose value is in the zip64 record.
  static let wide16: UInt64 = 0xffff
  /// A 32-bit field whose value is in the zip64 record or extra field.
  static let wide32: UInt64 = 0xffff_ffff
}

/// Reads little-endian fields one after another. Past the end they are 0: check the length first.
struct ZipFields {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(bytes) }

  /// How many bytes are left.
  var count: Int { rest.count }

  mutating func number(_ width: Int) -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in rest.prefix(width).enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
    rest = rest.dropFirst(width)
    return value
  }

  mutating func u16() -> UInt16 { UInt16(truncatingIfNeeded: number(2)) }
  mutating func u32() -> UInt32 { UInt32(truncatingIfNeeded: number(4)) }
  mutating func u64() -> UInt64 { number(8) }

  mutating func bytes(_ count: Int) -> [UInt8] {
    let piece = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return piece
  }

  mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }
}
