/// Constants of the ustar format (POSIX.1-2017, pax, "ustar Interchange Format").
enum TarFormat {
  static let block = 512
  /// The size in bytes of the two zero blocks that end an archive.
  static let trailer = 1024
  /// The largest file that opz writes to or reads from a tar, in bytes: sums of a few of these do not overflow.
  static let sizeLimit: UInt64 = 1 << 60

  /// The byte ranges of a header's fields.
  enum Field {
    static let name = 0..<100
    static let mode = 100..<108
    static let uid = 108..<116
    static let gid = 116..<124
    static let size = 124..<136
    static let mtime = 136..<148
    static let checksum = 148..<156
    static let type = 156
    static let link = 157..<257
    /// `ustar`, NUL, `00`; GNU tar's older form has `ustar`, two spaces, NUL.
    static let magic = 257..<265
    static let major = 329..<337
    static let minor = 337..<345
    static let prefix = 345..<500
    /// `tar` and NUL in star's variant of the format, whose prefix is shorter.
    static let starMagic = 508..<512
  }

  enum TypeFlag {
    static let file = UInt8(ascii: "0")
    static let oldFile: UInt8 = 0
    static let contiguousFile = UInt8(ascii: "7")
    static let hardlink = UInt8(ascii: "1")
    static let symlink = UInt8(ascii: "2")
    static let characterDevice = UInt8(ascii: "3")
    static let blockDevice = UInt8(ascii: "4")
    static let directory = UInt8(ascii: "5")
    static let fifo = UInt8(ascii: "6")
    static let pax = UInt8(ascii: "x")
    static let globalPax = UInt8(ascii: "g")
    static let longName = UInt8(ascii: "L")
    static let longLink = UInt8(ascii: "K")
  }

  /// How many zero bytes pad content of `size` bytes to whole blocks.
  static func padding(_ size: UInt64) -> Int { Int((512 - size % 512) % 512) }

  /// The sum of all bytes, with the checksum field counted as spaces; old writers summed signed bytes.
  static func checksums(_ header: some Collection<UInt8>) -> (unsigned: Int, signed: Int) {
    var unsigned = 0
    var signed = 0
    for (index, byte) in header.enumerated() {
      let value = Field.checksum.contains(index) ? UInt8(ascii: " ") : byte
      unsigned += Int(value)
      signed += Int(Int8(bitPattern: value))
    }
    return (unsigned, signed)
  }
}
