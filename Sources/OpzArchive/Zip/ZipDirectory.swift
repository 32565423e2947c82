/// Reads the central directory (4.3.12), which lists the members of a zip file.
struct ZipDirectory {
  private let bytes: ZipBytes
  private let limits: ZipLimits
  private(set) var entries: [ZipEntry] = []
  private(set) var places: [[UInt8]: Int] = [:]
  private var totalBytes: UInt64 = 0
  private var nameBytes = 0

  init(_ bytes: ZipBytes, _ end: ZipEnd, limits: ZipLimits) throws {
    self.bytes = bytes
    self.limits = limits
    guard end.entries <= UInt64(limits.members) else {
      throw ArchiveError(.overLimit, bytes.name, reason: "it has \(end.entries) members, more than \(limits.members)")
    }
    var offset = end.directoryOffset
    let stop = end.directoryOffset + end.directorySize
    while offset < stop {
      guard UInt64(entries.count) < end.entries else {
        throw bytes.malformed(
          "the central directory has more than the \(end.entries) members that its end record states")
      }
      offset += try add(at: offset, upTo: stop)
    }
    guard UInt64(entries.count) == end.entries else {
      throw bytes.malformed(
        "the central directory has \(entries.count) members, but its end record states \(end.entries)")
    }
    try refuseFilesAboveOthers()
    try checkRatio()
  }

  /// Reads the header at `offset` and returns its length in bytes.
  private mutating func add(at offset: UInt64, upTo stop: UInt64) throws -> UInt64 {
    let fixed = ZipFormat.Length.directoryHeader
    guard stop - offset >= UInt64(fixed) else { throw bytes.malformed("the central directory is cut short") }
    var fields = ZipFields(try bytes.bytes(at: offset, fixed))
    guard fields.u32() == ZipFormat.Signature.directoryHeader else {
      throw bytes.malformed("the central directory is damaged at byte \(offset)")
    }
    fields.skip(4)
    let flags = fields.u16()
    let method = fields.u16()
    fields.skip(4)
    let crc32 = fields.u32()
    let compressed = fields.number(4)
    let size = fields.number(4)
    let nameCount = Int(fields.u16())
    let extraCount = Int(fields.u16())
    let length = fixed + nameCount + extraCount + Int(fields.u16())
    let disk = fields.u16()
    fields.skip(2)
    let attributes = fields.u32()
    let headerOffset = fields.number(4)
    guard stop - offset >= UInt64(length) else { throw bytes.malformed("the central directory is cut short") }
    var rest = ZipFields(try bytes.bytes(at: offset + UInt64(fixed), nameCount + extraCount))
    let name = rest.bytes(nameCount)
    let subject = MemberSubject(archive: bytes.name, name: name)
    let extra = try ZipExtra(rest.bytes(extraCount), { subject.refuse(.malformed, $0) })
    guard disk == 0, let wide = extra.resolve([size, compressed, headerOffset]) else {
      throw subject.refuse(.malformed, "the zip64 field does not match its header")
    }
    guard extra.unicodePath.map({ $0 == name }) ?? true else {
      throw subject.refuse(.malformed, "an extra field gives it another name")
    }
    let (path, isDirectory) = try ZipName.checked(
      name, isUTF8: flags & ZipFormat.Flag.utf8 != 0, limits, refuse: subject.refuse)
    let mode = attributes >> 16
    let type = mode & ZipFormat.FileType.mask
    try append(
      ZipEntry(
        path: path, size: wide[0], compressedSize: wide[1], crc32: crc32, isDirectory: isDirectory,
        permissions: mode & 0o7777, isExecutable: type == ZipFormat.FileType.regular && mode & 0o111 != 0,
        method: try subject.method(method, flags), flags: flags, headerOffset: wide[2]),
      type: type, subject)
    return UInt64(length)
  }

  private mutating func append(_ entry: ZipEntry, type: UInt32, _ subject: MemberSubject) throws {
    try ZipDirectory.check(entry, type: type, subject)
    guard entry.size <= limits.memberBytes else {
      throw subject.refuse(.overLimit, "it has \(entry.size) bytes, more than \(limits.memberBytes)")
    }
    let (total, overflow) = totalBytes.addingReportingOverflow(entry.size)
    guard !overflow, total <= limits.totalBytes else {
      throw ArchiveError(.overLimit, bytes.name, reason: "its members have more than \(limits.totalBytes) bytes")
    }
    totalBytes = total
    nameBytes += entry.path.count
    guard nameBytes <= limits.nameBytes else {
      throw ArchiveError(.overLimit, bytes.name, reason: "its paths have more than \(limits.nameBytes) bytes")
    }
    guard isHarmless(entry.size, entry.compressedSize) else {
      throw subject.refuse(.overLimit, bombText, hint: bombHint)
    }
    guard places.updateValue(entries.count, forKey: entry.path) == nil else {
      throw subject.refuse(.malformed, "duplicate name")
    }
    entries.append(entry)
  }

  private static func check(_ entry: ZipEntry, type: UInt32, _ subject: MemberSubject) throws {
    switch (type, entry.isDirectory) {
    case (0, _), (ZipFormat.FileType.regular, false), (ZipFormat.FileType.directory, true): break
    case (ZipFormat.FileType.symlink, _): throw subject.refuse(.unsafe, "it is a symbolic link")
    case (ZipFormat.FileType.regular, true), (ZipFormat.FileType.directory, false):
      throw subject.refuse(.malformed, "its name and its mode disagree on whether it is a directory")
    default: throw subject.refuse(.unsafe, "it is a device, a pipe or a socket")
    }
    if entry.method == .stored, entry.size != entry.compressedSize {
      throw subject.refuse(.malformed, "it is stored, but with \(entry.compressedSize) bytes for \(entry.size)")
    }
    // Some writers deflate the empty content of a directory.
    if entry.isDirectory, entry.size != 0 || entry.compressedSize > ZipFormat.Length.deflatedNothing {
      throw subject.refuse(.malformed, "it is a directory with content")
    }
    if entry.size == 0, entry.crc32 != 0 { throw subject.refuse(.malformed, "it is empty, but its CRC-32 is not 0") }
  }

  /// A file cannot also be a directory. When `/` sorts before all other bytes, what is below a name directly follows
  /// it.
  private func refuseFilesAboveOthers() throws {
    func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }
    let sorted = entries.sorted { $0.path.lexicographicallyPrecedes($1.path) { rank($0) < rank($1) } }
    for (above, entry) in zip(sorted, sorted.dropFirst()) where !above.isDirectory {
      guard entry.path.starts(with: above.path), entry.path[above.path.count] == UInt8(ascii: "/") else { continue }
      throw MemberSubject(archive: bytes.name, name: entry.path)
        .refuse(.malformed, "\"\(ArchivePath.text(above.path))\" in its path is a file")
    }
  }

  private func checkRatio() throws {
    guard isHarmless(totalBytes, bytes.size) else {
      throw ArchiveError(.overLimit, bytes.name, reason: bombText, hint: bombHint)
    }
  }

  private func isHarmless(_ size: UInt64, _ compressed: UInt64) -> Bool {
    size < ZipLimits.ratioFloor || size / max(1, compressed) <= limits.ratio
  }

  private var bombText: String { "it unpacks to more than \(limits.ratio) times its size" }
  private var bombHint: String { "this may be a decompression bomb; use the package's own release" }
}

/// Makes errors about one member.
struct MemberSubject {
  let archive: String
  let name: [UInt8]

  func refuse(_ code: ArchiveError.Code, _ reason: String) -> ArchiveError { refuse(code, reason, hint: nil) }

  func refuse(_ code: ArchiveError.Code, _ reason: String, hint: String?) -> ArchiveError {
    ArchiveError(code, "\(archive): member \"\(ArchivePath.text(name))\"", reason: reason, hint: hint)
  }

  /// The compression method, if opz supports it and the flags.
  func method(_ method: UInt16, _ flags: UInt16) throws -> ZipFormat.Method {
    if flags & ZipFormat.Flag.encryption != 0 { throw refuse(.unsupported, "it is encrypted") }
    guard flags & ~ZipFormat.Flag.known == 0 else {
      throw refuse(.unsupported, "it has flags that opz does not know: 0x\(String(flags, radix: 16))")
    }
    guard let known = ZipFormat.Method(rawValue: method) else {
      throw refuse(.unsupported, "its compression method is \(method); opz reads 0 (stored) and 8 (deflate)")
    }
    return known
  }
}
