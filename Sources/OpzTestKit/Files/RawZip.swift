/// Builds zip files byte by byte, including invalid ones that no real writer makes.
public struct RawZip: Sendable {
  /// The fields that the local header and the central directory share.
  public struct Header: Sendable {
    public var name: [UInt8]
    public var flags: UInt16 = 0
    public var method: UInt16
    public var crc32: UInt32
    public var compressedSize: UInt32
    public var size: UInt32
    public var extra: [UInt8] = []
  }

  /// A member with its local and central headers, which tests may make disagree.
  public struct Member: Sendable {
    public var local: Header
    public var central: Header
    /// The member's stored data, between the headers.
    public var data: [UInt8]
    /// Bytes after the data.
    public var descriptor: [UInt8] = []
    /// Bytes before the local header that belong to no member.
    public var gap: [UInt8] = []
    /// The unix mode.
    public var mode: UInt32
    public var comment: [UInt8] = []
    public var disk: UInt16 = 0
    /// Replaces the true offset of the local header.
    public var offset: UInt32?

    /// Creates a stored member, or a deflated one if `deflated` is the content's raw deflate stream.
    public init(_ name: [UInt8], _ content: [UInt8], deflated: [UInt8]? = nil, mode: UInt32) {
      data = deflated ?? content
      local = Header(
        name: name, method: deflated == nil ? 0 : 8, crc32: RawZip.crc32(content),
        compressedSize: UInt32(data.count), size: UInt32(content.count))
      central = local
      self.mode = mode
    }

    /// Creates a member from texts; the default mode is 0755 for a directory (a name with a final `/`) and 0644
    /// otherwise.
    public init(_ name: String, _ content: String = "", deflated: [UInt8]? = nil, mode: UInt32? = nil) {
      self.init(
        Array(name.utf8), Array(content.utf8), deflated: deflated,
        mode: mode ?? (name.hasSuffix("/") ? 0o040755 : 0o100644))
    }

    /// Returns a copy with a change.
    public func with(_ change: (inout Member) -> Void) -> Member {
      var copy = self
      change(&copy)
      return copy
    }

    /// Applies the same change to both headers.
    public func withBoth(_ change: (inout Header) -> Void) -> Member {
      with {
        change(&$0.local)
        change(&$0.central)
      }
    }

    /// Moves CRC and sizes into a data descriptor after the data, and sets them to 0 in the local header.
    public func describedAfter(signed: Bool = true, wide: Bool = false) -> Member {
      var member = withBoth { $0.flags |= 8 }
      member.descriptor = signed ? RawZip.bytes(0x0807_4b50, 4) : []
      member.descriptor += RawZip.bytes(UInt64(central.crc32), 4)
      for value in [central.compressedSize, central.size] {
        member.descriptor += RawZip.bytes(UInt64(value), wide ? 8 : 4)
      }
      if wide { member.local.extra = RawZip.extra(1, RawZip.bytes(0, 8) + RawZip.bytes(0, 8)) }
      member.local.crc32 = 0
      member.local.compressedSize = wide ? .max : 0
      member.local.size = wide ? .max : 0
      return member
    }
  }

  /// The end of central directory record.
  public struct End: Sendable {
    public var disk: UInt16 = 0
    public var directoryDisk: UInt16 = 0
    public var entriesOnDisk: UInt16
    public var entries: UInt16
    public var size: UInt32
    public var offset: UInt32
    public var commentLength: UInt16
  }

  /// The zip64 record and its locator.
  public struct End64: Sendable {
    /// Creates a zip64 end record; sizes and offsets are in bytes.
    public init(entriesOnDisk: UInt64, entries: UInt64, size: UInt64, offset: UInt64, locatorOffset: UInt64) {
      (self.entriesOnDisk, self.entries, self.size, self.offset) = (entriesOnDisk, entries, size, offset)
      self.locatorOffset = locatorOffset
    }

    public var recordSize: UInt64 = 44
    public var disk: UInt32 = 0
    public var entriesOnDisk: UInt64
    public var entries: UInt64
    public var size: UInt64
    public var offset: UInt64
    public var locatorDisk: UInt32 = 0
    public var locatorOffset: UInt64
    public var disks: UInt32 = 1
  }

  public var members: [Member]
  public var comment: [UInt8] = []
  /// Bytes between the last member and the central directory.
  public var beforeDirectory: [UInt8] = []
  /// Bytes between the central directory and the end record.
  public var afterDirectory: [UInt8] = []
  /// Bytes after everything.
  public var trailer: [UInt8] = []
  public var changeEnd: @Sendable (inout End) -> Void = { _ in }
  /// Adds a zip64 end record; the plain record then has the marker values that refer to it.
  public var zip64: (@Sendable (inout End64) -> Void)?

  /// Creates an archive of these members, in this order.
  public init(_ members: [Member]) { self.members = members }

  /// Returns a copy with a change.
  public func with(_ change: (inout RawZip) -> Void) -> RawZip {
    var copy = self
    change(&copy)
    return copy
  }

  public var bytes: [UInt8] {
    var all: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      all += member.gap
      directory += RawZip.central(member, offset: member.offset ?? UInt32(all.count))
      all += RawZip.local(member)
    }
    all += beforeDirectory
    let offset = all.count
    all += directory + afterDirectory
    return all + end(directoryOffset: offset, directorySize: directory.count, at: all.count) + comment + trailer
  }

  private func end(directoryOffset: Int, directorySize: Int, at place: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var end = End(
      entriesOnDisk: UInt16(members.count), entries: UInt16(members.count), size: UInt32(directorySize),
      offset: UInt32(directoryOffset), commentLength: UInt16(comment.count))
    if let zip64 {
      var wide = End64(
        entriesOnDisk: UInt64(members.count), entries: UInt64(members.count), size: UInt64(directorySize),
        offset: UInt64(directoryOffset), locatorOffset: UInt64(place))
      zip64(&wide)
      bytes = RawZip.zip64End(wide)
      (end.entriesOnDisk, end.entries, end.size, end.offset) = (.max, .max, .max, .max)
    }
    changeEnd(&end)
    bytes += RawZip.bytes(0x0605_4b50, 4)
    for value in [end.disk, end.directoryDisk, end.entriesOnDisk, end.entries] {
      bytes += RawZip.bytes(UInt64(value), 2)
    }
    for value in [end.size, end.offset] { bytes += RawZip.bytes(UInt64(value), 4) }
    return bytes + RawZip.bytes(UInt64(end.commentLength), 2)
  }

  /// Encodes the zip64 end of central directory record and its locator (APPNOTE.TXT, sections 4.3.14 and 4.3.15).
  public static func zip64End(_ end: End64) -> [UInt8] {
    var all = bytes(0x0606_4b50, 4) + bytes(end.recordSize, 8) + bytes(45, 2) + bytes(45, 2)
    all += bytes(UInt64(end.disk), 4) + bytes(UInt64(end.disk), 4)
    for value in [end.entriesOnDisk, end.entries, end.size, end.offset] { all += bytes(value, 8) }
    all += bytes(0x0706_4b50, 4) + bytes(UInt64(end.locatorDisk), 4)
    return all + bytes(end.locatorOffset, 8) + bytes(UInt64(end.disks), 4)
  }

  /// Encodes a local file header with its data and descriptor (APPNOTE.TXT, section 4.3.7).
  public static func local(_ member: Member) -> [UInt8] {
    let header = member.local
    return bytes(0x0403_4b50, 4) + bytes(20, 2) + common(header) + header.name + header.extra + member.data
      + member.descriptor
  }

  /// Encodes a central directory header (APPNOTE.TXT, section 4.3.12); `offset` is where the local header starts.
  public static func central(_ member: Member, offset: UInt32) -> [UInt8] {
    let header = member.central
    return bytes(0x0201_4b50, 4) + bytes(20, 1) + bytes(3, 1) + bytes(20, 2) + common(header)
      + bytes(UInt64(member.comment.count), 2) + bytes(UInt64(member.disk), 2) + bytes(0, 2)
      + bytes(UInt64(member.mode) << 16, 4) + bytes(UInt64(offset), 4) + header.name + header.extra + member.comment
  }

  private static func common(_ header: Header) -> [UInt8] {
    // The earliest date, 1980-01-01, at midnight.
    bytes(UInt64(header.flags), 2) + bytes(UInt64(header.method), 2) + bytes(0x0021_0000, 4)
      + bytes(UInt64(header.crc32), 4) + bytes(UInt64(header.compressedSize), 4) + bytes(UInt64(header.size), 4)
      + bytes(UInt64(header.name.count), 2) + bytes(UInt64(header.extra.count), 2)
  }

  /// Little-endian.
  public static func bytes(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// An extra field.
  public static func extra(_ kind: UInt16, _ value: [UInt8]) -> [UInt8] {
    bytes(UInt64(kind), 2) + bytes(UInt64(value.count), 2) + value
  }

  /// CRC-32 (ISO 3309), bit by bit.
  public static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var value = UInt32.max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }
    return ~value
  }
}
