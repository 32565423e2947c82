public import OpzIO

/// Writes entries as a tar: POSIX ustar, with pax headers only where needed. The bytes depend on the entries and
/// their order alone.
///
/// Names are checked here; `LayerContent` handles duplicates and missing parent directories.
public struct TarWriter<Sink: ByteSink> {
  /// The sink of the tar's bytes.
  public private(set) var sink: Sink

  /// Writes to `sink`; nothing is written yet.
  public init(_ sink: Sink) { self.sink = sink }

  /// Writes an entry and its content, which is read once, in pieces.
  /// - Throws: `ArchiveError` with code `changed` when the content does not have the size that its blob announced,
  ///   and `badEntry` for an entry that tar cannot hold.
  public mutating func write(_ entry: TarEntry) throws {
    try sink.write(TarHeaderEncoder.encode(entry))
    guard case .file(let blob) = entry.kind else { return }
    let copied = try copy(blob, entry)
    guard copied == blob.size else { throw TarWriter.changed(entry, blob.size, found: "\(copied)") }
    try sink.write([UInt8](repeating: 0, count: TarFormat.padding(blob.size)))
  }

  /// Ends the archive with two zero blocks.
  public mutating func finish() throws {
    try sink.write([UInt8](repeating: 0, count: TarFormat.trailer))
  }

  private mutating func copy(_ blob: any Blob, _ entry: TarEntry) throws -> UInt64 {
    let source = try blob.open(at: 0)
    if let filling = sink as? any FillingSink {
      let copied = try filling.fill(blob.size, from: source)
      if copied == blob.size { try TarWriter.expectEnd(of: source, entry, blob.size) }
      return copied
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    var copied: UInt64 = 0
    while copied < blob.size {
      let wanted = Int(min(UInt64(buffer.count), blob.size - copied))
      let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
      if count == 0 { return copied }
      try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      copied += UInt64(count)
    }
    try TarWriter.expectEnd(of: source, entry, blob.size)
    return copied
  }

  private static func expectEnd(of source: any ByteSource, _ entry: TarEntry, _ size: UInt64) throws {
    try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
      if try source.read(into: byte) != 0 { throw changed(entry, size, found: "more") }
    }
  }

  private static func changed(_ entry: TarEntry, _ size: UInt64, found: String) -> ArchiveError {
    ArchiveError(
      .changed, "archive entry \"\(entry.path.string)\"",
      reason: "the file changed while it was read: expected \(size) bytes, but got \(found)",
      hint: "stop what writes to the file, then run the command again")
  }
}

/// A sink that reads a source directly into its own buffers, which saves copying every byte.
protocol FillingSink: AnyObject {
  /// Takes up to `count` bytes, fewer when the source ends early, and returns how many.
  func fill(_ count: UInt64, from source: any ByteSource) throws -> UInt64
}
