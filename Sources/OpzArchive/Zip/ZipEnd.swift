/// The location of the central directory, from the end of a zip file (4.3.14 to 4.3.16).
struct ZipEnd {
  let entries: UInt64
  let directoryOffset: UInt64
  let directorySize: UInt64
  let comment: [UInt8]

  /// Reads the end of central directory record, and the zip64 one if there is one. The records must follow the
  /// central directory without a gap, and only the comment may follow them: readers search for the record from either
  /// side.
  static func read(_ bytes: ZipBytes) throws -> ZipEnd {
    let tailCount = Int(min(bytes.size, UInt64(ZipFormat.Length.end) + 0xffff))
    let tailOffset = bytes.size - UInt64(tailCount)
    let tail = Array(try bytes.bytes(at: tailOffset, tailCount))
    let place = try find(in: tail, bytes)
    let offset = tailOffset + UInt64(place)
    var fields = ZipFields(tail[(place + 4)...])
    let narrow = Counts(
      disk: UInt64(fields.u16()), directoryDisk: UInt64(fields.u16()), onDisk: UInt64(fields.u16()),
      entries: UInt64(fields.u16()), size: UInt64(fields.u32()), offset: UInt64(fields.u32()))
    fields.skip(2)
    let wide = try read64(before: offset, bytes)
    let counts = try wide.map { try $0.counts.agreeing(with: narrow, bytes) } ?? narrow
    guard counts.disk == 0, counts.directoryDisk == 0, counts.onDisk == counts.entries else {
      throw ArchiveError(.unsupported, bytes.name, reason: "the zip file is one part of a multi-part archive")
    }
    let (end, overflow) = counts.offset.addingReportingOverflow(counts.size)
    guard !overflow, end == wide?.offset ?? offset else {
      throw bytes.malformed(
        "the central directory, \(counts.size) bytes at \(counts.offset), does not end where the end record begins")
    }
    return ZipEnd(
      entries: counts.entries, directoryOffset: counts.offset, directorySize: counts.size,
      comment: fields.bytes(fields.count))
  }

  /// The index of the record in the file's last bytes.
  private static func find(in tail: [UInt8], _ bytes: ZipBytes) throws -> Int {
    let places = tail.indices.dropLast(3).filter { index in
      tail[index] == 0x50 && tail[index + 1] == 0x4b && tail[index + 2] == 5 && tail[index + 3] == 6
    }
    guard let last = places.last else {
      throw bytes.malformed("it has no end of central directory record: it is not a zip file, or it is cut short")
    }
    /// Whether the comment of a record at this place ends with the file.
    func reachesEnd(_ place: Int) -> Bool {
      guard tail.count - place >= ZipFormat.Length.end else { return false }
      return Int(tail[place + 20]) | Int(tail[place + 21]) << 8 == tail.count - place - ZipFormat.Length.end
    }
    guard reachesEnd(last) else {
      throw bytes.malformed(
        "the end of central directory record is not at the end: bytes other than its comment follow")
    }
    guard !places.dropLast().contains(where: reachesEnd) else {
      throw bytes.malformed("there are two end of central directory records")
    }
    return last
  }

  private struct Zip64 {
    let offset: UInt64
    let counts: Counts
  }

  /// The zip64 record, if its locator directly precedes the end record.
  private static func read64(before end: UInt64, _ bytes: ZipBytes) throws -> Zip64? {
    let lengths = UInt64(ZipFormat.Length.locator64 + ZipFormat.Length.end64)
    guard end >= UInt64(ZipFormat.Length.locator64) else { return nil }
    let place = end - UInt64(ZipFormat.Length.locator64)
    var locator = ZipFields(try bytes.bytes(at: place, ZipFormat.Length.locator64))
    guard locator.u32() == ZipFormat.Signature.locator64 else { return nil }
    let disk = locator.u32()
    let offset = locator.u64()
    guard disk == 0, locator.u32() <= 1 else {
      throw ArchiveError(.unsupported, bytes.name, reason: "the zip file is one part of a multi-part archive")
    }
    guard end >= lengths, offset == end - lengths else {
      throw bytes.malformed("the zip64 end record is not right before its locator")
    }
    var record = ZipFields(try bytes.bytes(at: offset, ZipFormat.Length.end64))
    guard record.u32() == ZipFormat.Signature.end64, record.u64() == UInt64(ZipFormat.Length.end64 - 12) else {
      throw bytes.malformed("the zip64 end record is damaged, or longer than \(ZipFormat.Length.end64) bytes")
    }
    record.skip(4)
    return Zip64(
      offset: offset,
      counts: Counts(
        disk: record.number(4), directoryDisk: record.number(4), onDisk: record.u64(), entries: record.u64(),
        size: record.u64(), offset: record.u64()))
  }

  private struct Counts {
    let disk: UInt64
    let directoryDisk: UInt64
    let onDisk: UInt64
    let entries: UInt64
    let size: UInt64
    let offset: UInt64

    /// Returns these values if each narrow value is equal, or refers to the zip64 record.
    func agreeing(with narrow: Counts, _ bytes: ZipBytes) throws -> Counts {
      let pairs = [
        (disk, narrow.disk, ZipFormat.wide16), (directoryDisk, narrow.directoryDisk, ZipFormat.wide16),
        (onDisk, narrow.onDisk, ZipFormat.wide16), (entries, narrow.entries, ZipFormat.wide16),
        (size, narrow.size, ZipFormat.wide32), (offset, narrow.offset, ZipFormat.wide32),
      ]
      guard pairs.allSatisfy({ wide, narrow, mark in narrow == wide || narrow == mark }) else {
        throw bytes.malformed("the two end records disagree")
      }
      return self
    }
  }
}
