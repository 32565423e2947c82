import OpzIO

/// Encodes the header blocks of an entry. The bytes depend on the entry alone.
///
/// A pax header precedes the ustar header only for what ustar cannot represent: names that are not ASCII or too long
/// to split (as in GNU tar and Go), and numbers that are too large. Such a number is also written to the ustar header
/// in base-256, so that both headers always agree (CVE-2025-62518 is about readers that choose differently between
/// them).
enum TarHeaderEncoder {
  static func encode(_ entry: TarEntry) throws -> [UInt8] {
    let subject = "archive entry \"\(entry.path.string)\""
    var path = try ArchivePath.checked(entry.path)
    var link: [UInt8] = []
    var type = TarFormat.TypeFlag.file
    switch entry.kind {
    case .file: break
    case .directory:
      type = TarFormat.TypeFlag.directory
      path.append(UInt8(ascii: "/"))
    case .symlink(let target):
      guard !target.isEmpty, target.count <= ArchivePath.limit, !target.contains(0) else {
        throw ArchiveError(
          .badEntry, subject, reason: "a link's target must have 1 to \(ArchivePath.limit) bytes and no NUL")
      }
      type = TarFormat.TypeFlag.symlink
      link = target
    }
    guard entry.mode <= 0o7777 else {
      throw ArchiveError(.badEntry, subject, reason: "the mode 0o\(String(entry.mode, radix: 8)) has more than 12 bits")
    }
    guard entry.contentSize <= TarFormat.sizeLimit else {
      throw ArchiveError(.badEntry, subject, reason: "\(entry.contentSize) bytes are more than a layer can hold")
    }
    return header(entry, path: path, link: link, type: type)
  }

  private static func header(_ entry: TarEntry, path: [UInt8], link: [UInt8], type: UInt8) -> [UInt8] {
    var pax = PaxRecords()
    var block = HeaderBlock()
    if let (prefix, name) = split(path) {
      block.put(name, TarFormat.Field.name)
      block.put(prefix, TarFormat.Field.prefix)
    } else {
      pax["path"] = path
      block.put(asciiStandIn(path), TarFormat.Field.name)
    }
    if link.count > 100 || !isASCII(link) { pax["linkpath"] = link }
    block.put(asciiStandIn(link), TarFormat.Field.link)
    let numbers = [
      ("uid", UInt64(entry.uid), TarFormat.Field.uid), ("gid", UInt64(entry.gid), TarFormat.Field.gid),
      ("size", entry.contentSize, TarFormat.Field.size),
    ]
    for (key, value, field) in numbers where !block.putNumber(value, field) {
      pax[key] = Array(String(value).utf8)
    }
    let bytes = block.finished(type: type, mode: entry.mode)
    return pax.isEmpty ? bytes : paxHeader(pax, for: path) + bytes
  }

  private static func paxHeader(_ pax: PaxRecords, for path: [UInt8]) -> [UInt8] {
    let records = pax.encoded()
    var block = HeaderBlock()
    block.put(asciiStandIn(Array("PaxHeaders/".utf8) + path), TarFormat.Field.name)
    _ = block.putNumber(0, TarFormat.Field.uid)
    _ = block.putNumber(0, TarFormat.Field.gid)
    _ = block.putNumber(UInt64(records.count), TarFormat.Field.size)
    let padding = [UInt8](repeating: 0, count: TarFormat.padding(UInt64(records.count)))
    return block.finished(type: TarFormat.TypeFlag.pax, mode: 0o644) + records + padding
  }

  /// Splits a path into ustar prefix and name; nil when it needs a pax header.
  private static func split(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
    guard isASCII(path) else { return nil }
    if path.count <= 100 { return ([], path) }
    let head = path.prefix(min(156, path.count - 1))
    guard let slash = head.lastIndex(of: UInt8(ascii: "/")), slash > 0 else { return nil }
    let name = path[(slash + 1)...]
    return name.count <= 100 ? (Array(path[..<slash]), Array(name)) : nil
  }

  /// The name for readers that do not know pax.
  private static func asciiStandIn(_ bytes: [UInt8]) -> [UInt8] {
    bytes.prefix(100).map { $0 < 128 ? $0 : UInt8(ascii: "_") }
  }

  private static func isASCII(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { $0 < 128 } }
}

/// The 512 bytes of a ustar header under construction.
private struct HeaderBlock {
  private var bytes = [UInt8](repeating: 0, count: TarFormat.block)

  mutating func put(_ value: [UInt8], _ field: Range<Int>) {
    for (index, byte) in zip(field, value) { bytes[index] = byte }
  }

  /// Writes octal digits and a NUL, or base-256 (the first bit set, then big-endian); false for the latter.
  mutating func putNumber(_ value: UInt64, _ field: Range<Int>) -> Bool {
    let digits = Array(String(value, radix: 8).utf8)
    if digits.count < field.count {
      let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: field.count - 1 - digits.count)
      put(zeros + digits, field)
      return true
    }
    var rest = value
    for index in field.reversed() {
      bytes[index] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
    bytes[field.lowerBound] |= 0x80
    return false
  }

  mutating func finished(type: UInt8, mode: UInt32) -> [UInt8] {
    put(Array("ustar\u{0}00".utf8), TarFormat.Field.magic)
    bytes[TarFormat.Field.type] = type
    _ = putNumber(UInt64(mode), TarFormat.Field.mode)
    _ = putNumber(0, TarFormat.Field.mtime)
    _ = putNumber(0, TarFormat.Field.major)
    _ = putNumber(0, TarFormat.Field.minor)
    let digits = Array(String(TarFormat.checksums(bytes).unsigned, radix: 8).utf8)
    let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 6 - digits.count))
    put(zeros + digits + [0, UInt8(ascii: " ")], TarFormat.Field.checksum)
    return bytes
  }
}
