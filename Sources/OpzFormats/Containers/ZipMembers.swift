import CDeflate
import OpzModel

/// The members of a zip archive that is in memory (PKWARE's APPNOTE.TXT 6.3): stored or deflated, in one file, without
/// encryption. What readers could understand in two ways is refused: duplicates, overlaps, local headers that differ
/// from the directory, bytes before or after the archive.
///
/// OpzArchive has a streaming reader of zip, and it stands on libraries that are not in the static server.
struct ZipMembers {
  /// The most members.
  static let memberLimit = 1 << 20
  /// Content bytes per byte of the archive, beyond `ratioFloor`: JSON with indents reaches some 40.
  static let ratio = 100
  static let ratioFloor = 1 << 20

  private struct Entry {
    let isDeflated: Bool
    let crc: UInt32
    let compressed: Int
    let size: Int
    /// Where the local header begins.
    let header: Int
    /// Where the content begins.
    var content = 0
  }

  /// The archive's file, for errors.
  private let name: String
  private let bytes: [UInt8]
  private var entries: [String: Entry] = [:]

  /// Reads the directory.
  /// - Throws: `ModelError.damaged`; `ModelError.tooLarge` where a small file says that its content is large.
  init(_ bytes: [UInt8], name: String) throws {
    self.bytes = bytes
    self.name = name
    let directory = try ZipEnd(bytes, name: name)
    var position = directory.start
    var total = 0
    for _ in 0..<directory.count { try readEntry(&position, end: directory.end, &total) }
    guard position == directory.end else { throw damaged("its directory does not end where its end record says") }
    try checkPlaces(before: directory.start)
  }

  /// The names of all members, in no order.
  var names: [String] { Array(entries.keys) }

  /// The content of a member; nil if there is none of this name.
  /// - Throws: `ModelError.damaged` where it does not inflate to its size or its checksum differs.
  func content(_ member: String) throws -> ArraySlice<UInt8>? {
    guard let entry = entries[member] else { return nil }
    let stored = bytes[entry.content..<entry.content + entry.compressed]
    let content = entry.isDeflated ? try inflate(stored, entry.size, member: member)[...] : stored
    let crc = content.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
    guard crc == entry.crc else { throw damaged("the checksum of \(member.prefix(80)) differs") }
    return content
  }

  // MARK: Reading

  private mutating func readEntry(_ position: inout Int, end: Int, _ total: inout Int) throws {
    guard end - position >= 46, u32(position) == 0x0201_4b50 else { throw damaged("its directory is cut off") }
    let (flags, method) = (u16(position + 8), u16(position + 10))
    let lengths = [28, 30, 32].map { Int(u16(position + $0)) }
    let next = position + 46 + lengths.reduce(0, +)
    guard next <= end else { throw damaged("its directory is cut off") }
    let path = try name(at: position + 46, count: lengths[0])
    let (compressed, size) = (Int(u32(position + 20)), Int(u32(position + 24)))
    guard compressed != 0xffff_ffff, size != 0xffff_ffff else {
      throw ModelError(.tooLarge, name, reason: "the member \(path.prefix(80)) has 4 GiB or more")
    }
    // Bits 0, 6 and 13: encryption of the content, strong encryption, masked headers.
    guard flags & 0x2041 == 0 else { throw damaged("the member \(path.prefix(80)) is encrypted") }
    guard method == 0 || method == 8, method == 8 || compressed == size, u16(position + 34) == 0 else {
      throw damaged("the member \(path.prefix(80)) is neither stored nor deflated")
    }
    total += size
    guard total <= ZipMembers.ratioFloor + ZipMembers.ratio * bytes.count else {
      throw ModelError(
        .tooLarge, name, reason: "its content is more than \(ZipMembers.ratio) times the file",
        hint: "save the model without compression")
    }
    let entry = Entry(
      isDeflated: method == 8, crc: u32(position + 16), compressed: compressed, size: size,
      header: Int(u32(position + 42)))
    guard entries.updateValue(entry, forKey: path) == nil else { throw damaged("duplicate member \(path.prefix(80))") }
    try checkLocal(entry, path, directory: position)
    position = next
  }

  /// A local header must say what the directory says.
  private mutating func checkLocal(_ entry: Entry, _ path: String, directory: Int) throws {
    let local = entry.header
    guard local <= bytes.count - 30, u32(local) == 0x0403_4b50 else {
      throw damaged("the member \(path.prefix(80)) is not where the directory says")
    }
    let length = Int(u16(local + 26))
    let content = local + 30 + length + Int(u16(local + 28))
    guard content <= bytes.count, entry.compressed <= bytes.count - content,
      try name(at: local + 30, count: length) == path, u16(local + 8) == u16(directory + 10),
      u16(local + 6) == u16(directory + 8)
    else { throw damaged("the member \(path.prefix(80)) has two descriptions that differ") }
    // With bit 3 the sizes stand behind the content, and the local header may have zeros.
    let isLater = u16(local + 6) & 8 != 0
    let pairs = [(14, 16), (18, 20), (22, 24)].map { (u32(local + $0), u32(directory + $1)) }
    guard pairs.allSatisfy({ $0 == $1 || isLater && $0 == 0 }) else {
      throw damaged("the member \(path.prefix(80)) has two descriptions that differ")
    }
    entries[path]?.content = content
  }

  /// Members lie one after the other, from the first byte to the directory.
  private func checkPlaces(before end: Int) throws {
    var position = 0
    var isFirst = true
    for entry in entries.values.sorted(by: { $0.header < $1.header }) {
      guard entry.header >= position, !isFirst || entry.header == 0 else {
        throw damaged("its members overlap, or it begins with other bytes")
      }
      position = entry.content + entry.compressed
      isFirst = false
    }
    guard position <= end else { throw damaged("its members overlap the directory") }
  }

  private func name(at start: Int, count: Int) throws -> String {
    guard count > 0, start <= bytes.count, count <= bytes.count - start,
      let text = String(validating: bytes[start..<start + count], as: UTF8.self)
    else { throw damaged("a member's name is not a text") }
    return text
  }

  private func inflate(_ stored: ArraySlice<UInt8>, _ size: Int, member: String) throws -> [UInt8] {
    guard let decompressor = libdeflate_alloc_decompressor() else {
      throw ModelError(.tooLarge, name, reason: "no memory to inflate")
    }
    defer { libdeflate_free_decompressor(decompressor) }
    // Without a place for the actual size, any other size than the one that the directory says is an error.
    return try [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      let result = stored.withUnsafeBytes {
        libdeflate_deflate_decompress(decompressor, $0.baseAddress, $0.count, buffer.baseAddress, size, nil)
      }
      guard result == LIBDEFLATE_SUCCESS else {
        throw damaged("\(member.prefix(80)) does not inflate to \(size) bytes")
      }
      filled = size
    }
  }

  // MARK: Numbers

  private func u16(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }
  private func u32(_ offset: Int) -> UInt32 { UInt32(u16(offset)) | UInt32(u16(offset + 2)) << 16 }

  private func damaged(_ reason: String) -> ModelError { ZipEnd.damaged(name, reason) }
}

/// Where an archive's directory is, as its end record says, or that of zip64 where there are more than 65,535 members.
struct ZipEnd {
  let start: Int
  let end: Int
  let count: Int

  init(_ bytes: [UInt8], name: String) throws {
    func number(_ offset: Int, _ size: Int) -> UInt64 {
      (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
    }
    let record = bytes.count - 22
    guard record >= 0, number(record, 4) == 0x0605_4b50, number(record + 20, 2) == 0 else {
      throw ZipEnd.damaged(name, "the zip archive is cut off, or other bytes follow it")
    }
    var values = [number(record + 8, 2), number(record + 10, 2), number(record + 12, 4), number(record + 16, 4)]
    var directoryEnd = record
    guard number(record + 4, 4) == 0 else { throw ZipEnd.damaged(name, "it is in several parts") }
    if record >= 20 + 56, number(record - 20, 4) == 0x0706_4b50 {
      let other = record - 20 - 56
      guard number(record - 12, 8) == UInt64(other), number(other, 4) == 0x0606_4b50, number(other + 4, 8) == 44,
        number(other + 16, 8) == 0
      else { throw ZipEnd.damaged(name, "its zip64 end record is not right before the end record") }
      values = [24, 32, 40, 48].map { number(other + $0, 8) }
      directoryEnd = other
    }
    guard values[0] == values[1], let count = Int(exactly: values[0]), count <= ZipMembers.memberLimit,
      let size = Int(exactly: values[2]), let start = Int(exactly: values[3]), start <= directoryEnd,
      size == directoryEnd - start
    else { throw ZipEnd.damaged(name, "its end record does not fit the file") }
    self.start = start
    self.end = directoryEnd
    self.count = count
  }

  static func damaged(_ name: String, _ reason: String) -> ModelError {
    ModelError(.damaged, name, reason: reason, hint: "save the model again; the file may be cut off")
  }
}
