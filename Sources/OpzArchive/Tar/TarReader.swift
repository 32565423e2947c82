public import OpzIO
import SystemPackage

/// Reads a tar as a stream: ustar, pax and GNU long names.
///
/// The reader is strict where readers differ, because a layer that opz and a container runtime read differently could
/// smuggle files past a scan: different sizes in pax and ustar headers (CVE-2025-62518), duplicate keys, content on
/// links, sparse files, and anything but zeros after the end are errors.
public final class TarReader: ByteSource {
  private let stream: TarStream
  private let name: String
  private let limits: ArchiveLimits
  private var remaining: UInt64 = 0
  private var padding = 0
  private var entries = 0
  private var isAtEnd = false

  /// Reads a tar from a source, which it then owns.
  /// - Parameter name: the archive's name in messages.
  public convenience init(_ source: any ByteSource, name: String = "tar", limits: ArchiveLimits = ArchiveLimits()) {
    self.init(TarStream(source, name: name), name: name, limits: limits)
  }

  /// Opens the tar inside a layer.
  /// - Throws: `ArchiveError` when it cannot be decompressed, or what the blob throws.
  public convenience init(_ layer: StoredLayer, limits: ArchiveLimits = ArchiveLimits()) throws {
    self.init(try layer.open(limits), name: layer.name, limits: limits)
  }

  init(_ stream: TarStream, name: String, limits: ArchiveLimits) {
    self.stream = stream
    self.name = name
    self.limits = limits
  }

  /// The byte offset in the tar of the next byte of the current entry's content.
  package var offset: UInt64 { stream.offset }

  /// Skips the rest of the current content and reads the next header.
  /// - Returns: nil at the end.
  /// - Throws: `ArchiveError`; the reader is unusable afterwards.
  public func next() throws -> TarHeader? {
    guard !isAtEnd else { return nil }
    try finishContent()
    var extensions = Extensions()
    while let block = try nextBlock() {
      try count()
      let fields = try TarFields(block, archive: name)
      if try readExtension(fields, &extensions) { continue }
      let header = try TarHeaderParser(archive: name, limits: limits).header(fields, extensions)
      remaining = header.size
      padding = TarFormat.padding(header.size)
      return header
    }
    guard extensions.isEmpty else { throw malformed("an extended header comes right before the end") }
    isAtEnd = true
    return nil
  }

  /// Reads content of the current entry.
  /// - Returns: the number of bytes read; 0 at the end of the entry.
  /// - Throws: `ArchiveError` when the tar is truncated.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard remaining > 0 else { return 0 }
    let wanted = Int(min(UInt64(buffer.count), remaining))
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    if count == 0, wanted > 0 { throw stream.cut() }
    remaining -= UInt64(count)
    return count
  }

  /// Passes the rest of the current entry's content to `body` in pieces of up to 256 KiB.
  public func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  private func finishContent() throws {
    try stream.skip(remaining)
    remaining = 0
    if let zeros = padding > 0 ? try stream.bytes(padding) : [], zeros.count == padding {
      padding = 0
    } else {
      throw stream.cut()
    }
  }

  /// The next header block, or nil at the end of the archive. Some writers omit the zero blocks at the end.
  private func nextBlock() throws -> [UInt8]? {
    guard let block = try stream.bytes(TarFormat.block) else { return nil }
    if block.contains(where: { $0 != 0 }) { return block }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try stream.read(into: buffer)
      if count == 0 { return nil }
      guard buffer[..<count].allSatisfy({ $0 == 0 }) else { throw malformed("data follows the end of the tar") }
    }
  }

  private func count() throws {
    entries += 1
    guard entries <= limits.entries else {
      throw ArchiveError(.overLimit, name, reason: "it has more than \(limits.entries) entries")
    }
  }

  /// Reads a header that extends the next one; false for an ordinary header.
  private func readExtension(_ fields: TarFields, _ extensions: inout Extensions) throws -> Bool {
    switch fields.type {
    case TarFormat.TypeFlag.pax, TarFormat.TypeFlag.globalPax:
      let isGlobal = fields.type == TarFormat.TypeFlag.globalPax
      guard isGlobal || extensions.isEmpty else { throw malformed("one entry has two extended headers") }
      let body = try body(of: fields, limit: ArchiveLimits.paxBytes)
      guard let records = PaxRecords.parse(body) else { throw malformed("a pax header is not well-formed") }
      if isGlobal { try checkGlobal(records) } else { extensions.pax = records }
    case TarFormat.TypeFlag.longName:
      guard extensions.pax == nil, extensions.longName == nil else { throw malformed("one entry has two names") }
      extensions.longName = try longText(fields)
    case TarFormat.TypeFlag.longLink:
      guard extensions.pax == nil, extensions.longLink == nil else { throw malformed("one link has two targets") }
      extensions.longLink = try longText(fields)
    default: return false
    }
    return true
  }

  /// Global headers are for comments (git archive writes one). Readers disagree on all other keys, so those are
  /// refused.
  private func checkGlobal(_ records: PaxRecords) throws {
    guard records.values.keys.allSatisfy({ $0 == "comment" }) else {
      throw ArchiveError(.unsupported, name, reason: "a global pax header sets more than a comment")
    }
  }

  private func longText(_ fields: TarFields) throws -> [UInt8] {
    let body = try body(of: fields, limit: UInt64(limits.pathLength) + 1)
    let text = body.last == 0 ? Array(body.dropLast()) : body
    guard !text.isEmpty, !text.contains(0) else { throw malformed("a GNU long name has a NUL byte") }
    return text
  }

  private func body(of fields: TarFields, limit: UInt64) throws -> [UInt8] {
    let size = try fields.unsigned(TarFormat.Field.size, "size")
    guard size <= limit else {
      throw ArchiveError(.overLimit, name, reason: "an extended header has \(size) bytes, more than \(limit)")
    }
    let whole = Int(size) + TarFormat.padding(size)
    guard let bytes = whole == 0 ? [] : try stream.bytes(whole) else { throw stream.cut() }
    return Array(bytes.prefix(Int(size)))
  }

  private func malformed(_ reason: String) -> ArchiveError { ArchiveError(.malformed, name, reason: reason) }
}

/// The contents of the extended headers before an entry.
struct Extensions {
  var pax: PaxRecords?
  var longName: [UInt8]?
  var longLink: [UInt8]?

  var isEmpty: Bool { pax == nil && longName == nil && longLink == nil }
}
