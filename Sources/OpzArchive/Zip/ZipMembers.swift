/// Checks that local headers and contents fill a zip file from its first byte to the central directory, each as the
/// directory says (4.3.7, 4.3.9). A streaming reader sees the local headers, a seeking one the directory: both must
/// find the same.
struct ZipMembers {
  private let bytes: ZipBytes
  private let directoryOffset: UInt64

  private let allowsStoredBeforeDescriptor: Bool

  init(_ bytes: ZipBytes, directoryOffset: UInt64, _ limits: ZipLimits) {
    self.bytes = bytes
    allowsStoredBeforeDescriptor = limits.allowsStoredBeforeDescriptor
    self.directoryOffset = directoryOffset
  }

  /// Returns the entries, in their order, with the offsets of their contents.
  func located(_ entries: [ZipEntry]) throws -> [ZipEntry] {
    var located = entries
    let order = entries.indices.sorted { entries[$0].headerOffset < entries[$1].headerOffset }
    var expected: UInt64 = 0
    for (rank, index) in order.enumerated() {
      let entry = entries[index]
      let subject = MemberSubject(archive: bytes.name, name: entry.path)
      guard entry.headerOffset == expected else {
        throw subject.refuse(
          .malformed,
          entry.headerOffset < expected
            ? "it begins at byte \(entry.headerOffset), inside another member"
            : "bytes \(expected) to \(entry.headerOffset) before it belong to no member")
      }
      let next = rank + 1 < order.count ? entries[order[rank + 1]].headerOffset : directoryOffset
      located[index].dataOffset = try dataOffset(of: entry, next: next, subject)
      expected = next
    }
    guard expected == directoryOffset else {
      throw bytes.malformed("\(directoryOffset) bytes before the central directory belong to no member")
    }
    return located
  }

  private func dataOffset(of entry: ZipEntry, next: UInt64, _ subject: MemberSubject) throws -> UInt64 {
    let fixed = ZipFormat.Length.localHeader
    guard next <= directoryOffset, next - entry.headerOffset >= UInt64(fixed) else {
      throw subject.refuse(.malformed, "it begins at byte \(entry.headerOffset), where it does not fit")
    }
    let header = try LocalHeader(at: entry.headerOffset, bytes, subject)
    try header.check(entry, allowsStoredBeforeDescriptor: allowsStoredBeforeDescriptor, subject)
    let begin = entry.headerOffset + UInt64(fixed + header.variableLength)
    let (end, overflow) = begin.addingReportingOverflow(entry.compressedSize)
    guard !overflow, end <= next else { throw subject.refuse(.malformed, "it overlaps with what follows") }
    if entry.flags & ZipFormat.Flag.descriptor != 0 {
      try checkDescriptor(at: end, Int(clamping: next - end), wide: header.isWide, entry, subject: subject)
    } else if end != next {
      throw subject.refuse(.malformed, "\(next - end) bytes after it belong to no member")
    }
    return begin
  }

  /// The data descriptor after the content: CRC-32 and sizes, with or without a signature, with sizes of 4 or 8
  /// bytes, so it has one of four lengths.
  private func checkDescriptor(
    at offset: UInt64, _ length: Int, wide: Bool, _ entry: ZipEntry, subject: MemberSubject
  ) throws {
    let width = wide ? 8 : 4
    guard length == 4 + 2 * width || length == 8 + 2 * width else {
      throw subject.refuse(.malformed, "\(length) bytes follow it, which are not a data descriptor")
    }
    var fields = ZipFields(try bytes.bytes(at: offset, length))
    let isSigned = length == 8 + 2 * width
    guard !isSigned || fields.u32() == ZipFormat.Signature.descriptor, fields.u32() == entry.crc32,
      fields.number(width) == entry.compressedSize, fields.number(width) == entry.size
    else { throw subject.refuse(.malformed, "its data descriptor and the central directory disagree") }
  }
}

/// The header before a member's content.
private struct LocalHeader {
  private let flags: UInt16
  private let method: UInt16
  private let crc32: UInt32
  private let compressed: UInt64
  private let size: UInt64
  private let name: [UInt8]
  private let extra: ZipExtra
  /// The length of the name and the extra fields, in bytes.
  let variableLength: Int

  init(at offset: UInt64, _ bytes: ZipBytes, _ subject: MemberSubject) throws {
    let fixed = ZipFormat.Length.localHeader
    var fields = ZipFields(try bytes.bytes(at: offset, fixed))
    guard fields.u32() == ZipFormat.Signature.localHeader else {
      throw subject.refuse(.malformed, "there is no local header at byte \(offset)")
    }
    fields.skip(2)
    flags = fields.u16()
    method = fields.u16()
    fields.skip(4)
    crc32 = fields.u32()
    compressed = fields.number(4)
    size = fields.number(4)
    let nameCount = Int(fields.u16())
    variableLength = nameCount + Int(fields.u16())
    var rest = ZipFields(try bytes.bytes(at: offset + UInt64(fixed), variableLength))
    name = rest.bytes(nameCount)
    extra = try ZipExtra(rest.bytes(rest.count), { subject.refuse(.malformed, $0) })
  }

  /// Whether the sizes after the content have 8 bytes (4.3.9.2).
  var isWide: Bool { extra.zip64 != nil }

  func check(_ entry: ZipEntry, allowsStoredBeforeDescriptor: Bool, _ subject: MemberSubject) throws {
    func disagree(_ what: String) -> ArchiveError {
      subject.refuse(.malformed, "its local header and the central directory disagree on its \(what)")
    }
    guard name == entry.path + (entry.isDirectory ? [UInt8(ascii: "/")] : []) else { throw disagree("name") }
    guard extra.unicodePath.map({ $0 == name }) ?? true else { throw disagree("name") }
    guard flags == entry.flags else { throw disagree("flags") }
    guard method == entry.method.rawValue else { throw disagree("compression method") }
    guard let wide = extra.resolve([size, compressed]) else { throw disagree("sizes") }
    // With a data descriptor the values follow the content; a writer that knows them may write them here too.
    let isLater = flags & ZipFormat.Flag.descriptor != 0
    func agrees(_ local: UInt64, _ central: UInt64) -> Bool { local == central || (isLater && local == 0) }
    guard agrees(UInt64(crc32), UInt64(entry.crc32)) else { throw disagree("CRC-32") }
    guard agrees(wide[0], entry.size), agrees(wide[1], entry.compressedSize) else { throw disagree("sizes") }
    guard
      !isLater || allowsStoredBeforeDescriptor || entry.method == .deflate || entry.size == 0
        || wide[1] == entry.compressedSize
    else {
      throw subject.refuse(
        .unsupported, "it is stored, and only bytes after it say where it ends: a streaming reader has to guess")
    }
  }
}
