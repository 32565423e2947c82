@testable import OpzFormats

/// Zip archives of stored members, made byte by byte, so that tests can make wrong ones.
enum StoredZip {
  struct Member {
    var name: String
    var content: [UInt8]
  }

  /// What can be wrong with an archive.
  struct Faults {
    var crc: UInt32?
    var flags: UInt16 = 0
    var method: UInt16 = 0
    /// Added to each local header's size.
    var localSize: UInt32 = 0
    /// Subtracted from each member's place but the first's.
    var overlap: UInt32 = 0
    var prefix: [UInt8] = []
    var suffix: [UInt8] = []
  }

  /// The members of an archive by name, schema.json last.
  static func members(of bytes: [UInt8]) throws -> [Member] {
    let archive = try ZipMembers(bytes, name: "model.skops")
    let names = archive.names.filter { $0 != "schema.json" }.sorted() + ["schema.json"]
    return try names.map { Member(name: $0, content: Array(try archive.content($0) ?? [])) }
  }

  static func archive(_ members: [Member], _ faults: Faults = Faults()) -> [UInt8] {
    var bytes = faults.prefix
    var directory: [UInt8] = []
    for (index, member) in members.enumerated() {
      let place = UInt32(bytes.count) - (index > 0 ? faults.overlap : 0)
      let size = UInt32(member.content.count)
      let crc = faults.crc ?? crc32(member.content)
      let name = Array(member.name.utf8)
      let kind = [u16(20), u16(faults.flags), u16(faults.method), u32(0), u32(crc), u32(size)]
      let length = u16(UInt16(name.count))
      bytes += ([u32(0x0403_4b50)] + kind + [u32(size &+ faults.localSize), length, u16(0)]).joined()
      bytes += name
      bytes += member.content
      directory += ([u32(0x0201_4b50), u16(20)] + kind + [u32(size), length]).joined()
      directory += [UInt8](repeating: 0, count: 12)
      directory += u32(place)
      directory += name
    }
    let start = UInt32(bytes.count)
    let count = u16(UInt16(members.count))
    let end = [u32(0x0605_4b50), u32(0), count, count, u32(UInt32(directory.count)), u32(start), u16(0)]
    return bytes + directory + end.joined() + faults.suffix
  }

  private static func u16(_ number: UInt16) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8)] }
  private static func u32(_ number: UInt32) -> [UInt8] { u16(UInt16(number & 0xffff)) + u16(UInt16(number >> 16)) }

  /// CRC-32 of ISO 3309, bit by bit.
  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
