import OpzIO
import SystemPackage

/// Makes an entry from a ustar header and the extended headers before it.
struct TarHeaderParser {
  let archive: String
  let limits: ArchiveLimits

  func header(_ fields: TarFields, _ extensions: Extensions) throws -> TarHeader {
    let pax = extensions.pax ?? PaxRecords()
    try refuseSparse(pax)
    let rawName = try pax["path"].map { try nonEmpty($0, "path") } ?? extensions.longName ?? fields.name
    let parts = try ArchivePath.normalized(rawName, limits, archive: archive)
    let size = try size(fields, pax)
    let kind = try kind(fields, pax, extensions: extensions, rawName: rawName)
    guard size == 0 || kind == .file else {
      throw malformed("\"\(ArchivePath.text(rawName))\" is not a file, but has \(size) bytes of content")
    }
    guard !parts.isEmpty || kind == .directory else { throw malformed("the archive's root is not a directory") }
    return TarHeader(
      path: FilePath(components: parts), kind: kind,
      mode: UInt32(truncatingIfNeeded: try fields.unsigned(TarFormat.Field.mode, "mode")) & 0o7777,
      uid: try owner(fields, TarFormat.Field.uid, pax: pax, key: "uid"),
      gid: try owner(fields, TarFormat.Field.gid, pax: pax, key: "gid"),
      size: size, mtime: try mtime(fields, pax))
  }

  /// The two headers must agree, except that the ustar field may be 0 when the size does not fit (Go and Python).
  private func size(_ fields: TarFields, _ pax: PaxRecords) throws -> UInt64 {
    let ustar = try fields.unsigned(TarFormat.Field.size, "size")
    var size = ustar
    if let record = pax["size"] {
      size = try unsigned(record, "size")
      let fits = size <= 0o777_7777_7777
      guard size == ustar || (!fits && ustar == 0) else {
        throw malformed("the pax header says \(size) bytes, but the ustar header says \(ustar)")
      }
    }
    guard size <= TarFormat.sizeLimit else { throw malformed("an entry claims to have \(size) bytes") }
    return size
  }

  private func kind(
    _ fields: TarFields, _ pax: PaxRecords, extensions: Extensions, rawName: [UInt8]
  ) throws -> TarHeader.Kind {
    let endsInSlash = rawName.last == UInt8(ascii: "/")
    switch fields.type {
    case TarFormat.TypeFlag.oldFile where endsInSlash: return .directory
    case TarFormat.TypeFlag.file, TarFormat.TypeFlag.oldFile, TarFormat.TypeFlag.contiguousFile:
      guard !endsInSlash else { throw malformed("the name of the file \"\(ArchivePath.text(rawName))\" ends with /") }
      return .file
    case TarFormat.TypeFlag.directory: return .directory
    case TarFormat.TypeFlag.symlink: return .symlink(target: try target(fields, pax, extensions: extensions))
    case TarFormat.TypeFlag.hardlink:
      let target = try target(fields, pax, extensions: extensions)
      let parts = try ArchivePath.normalized(target, limits, archive: archive)
      guard !parts.isEmpty else { throw malformed("a hard link points to the archive's root") }
      return .hardlink(target: FilePath(components: parts))
    case TarFormat.TypeFlag.characterDevice:
      return .characterDevice(major: try device(fields, .major), minor: try device(fields, .minor))
    case TarFormat.TypeFlag.blockDevice:
      return .blockDevice(major: try device(fields, .major), minor: try device(fields, .minor))
    case TarFormat.TypeFlag.fifo: return .fifo
    default: throw ArchiveError(.unsupported, archive, reason: "an entry has the type 0x\(Hex.encode([fields.type]))")
    }
  }

  private func target(_ fields: TarFields, _ pax: PaxRecords, extensions: Extensions) throws -> [UInt8] {
    let target = try pax["linkpath"].map { try nonEmpty($0, "linkpath") } ?? extensions.longLink ?? fields.link
    guard !target.isEmpty, !target.contains(0) else { throw malformed("a link has no target") }
    guard target.count <= limits.pathLength else {
      throw ArchiveError(.overLimit, archive, reason: "a link's target has \(target.count) bytes")
    }
    return target
  }

  private enum DeviceNumber { case major, minor }

  private func device(_ fields: TarFields, _ which: DeviceNumber) throws -> UInt32 {
    let field = which == .major ? TarFormat.Field.major : TarFormat.Field.minor
    guard let number = UInt32(exactly: try fields.unsigned(field, "device number")) else {
      throw malformed("a device number is out of range")
    }
    return number
  }

  private func owner(_ fields: TarFields, _ field: Range<Int>, pax: PaxRecords, key: String) throws -> UInt32 {
    let value = try pax[key].map { try unsigned($0, key) } ?? fields.unsigned(field, key)
    // To chown(2), 2^32 - 1 means "leave unchanged".
    guard let owner = UInt32(exactly: value), owner != .max else {
      throw malformed("the \(key) \(value) is out of range")
    }
    return owner
  }

  /// Whole seconds; pax may add a fraction, which is dropped.
  private func mtime(_ fields: TarFields, _ pax: PaxRecords) throws -> Int64 {
    guard let record = pax["mtime"] else { return try fields.number(TarFormat.Field.mtime, "mtime") }
    let text = String(decoding: record.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    guard let seconds = Int64(text) else { throw malformed("a pax header's mtime is not a number") }
    return seconds
  }

  private func unsigned(_ record: [UInt8], _ key: String) throws -> UInt64 {
    guard let value = PaxRecords.decimal(record) else { throw malformed("a pax header's \(key) is not a number") }
    return UInt64(value)
  }

  private func nonEmpty(_ record: [UInt8], _ key: String) throws -> [UInt8] {
    guard !record.isEmpty else { throw malformed("a pax header's \(key) is empty") }
    return record
  }

  private func refuseSparse(_ pax: PaxRecords) throws {
    guard !pax.values.keys.contains(where: { $0.hasPrefix("GNU.sparse.") }) else {
      throw ArchiveError(.unsupported, archive, reason: "programs read sparse files differently")
    }
  }

  private func malformed(_ reason: String) -> ArchiveError { ArchiveError(.malformed, archive, reason: reason) }
}
