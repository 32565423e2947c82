public import OpzIO

/// A zip file that is read strictly: where two readers could find different members, or different bytes in one, it is refused.
///
/// The end record, the central directory and each local header are read and compared at once; members have to fill the file without
/// gaps and overlaps. Contents are read on demand, in bounded memory. Only stored and deflated members that are regular files or
/// directories are read (PKWARE APPNOTE.TXT 6.3.10).
public struct ZipArchive: Sendable {
  /// For messages.
  public let name: String
  /// In the order of the central directory.
  public let entries: [ZipEntry]
  /// After the end record, usually empty.
  public let comment: [UInt8]
  private let blob: any Blob
  private let places: [[UInt8]: Int]

  /// Reads the archive's headers. It blocks.
  /// - Parameter name: the archive's name in errors.
  /// - Throws: `ArchiveError`: malformed, unsafe, unsupported or over a limit; or what the blob throws.
  public init(_ blob: any Blob, name: String, limits: ZipLimits = ZipLimits()) throws {
    let bytes = ZipBytes(blob, name: name, window: 1 << 16)
    let end = try ZipEnd.read(bytes)
    let directory = try ZipDirectory(bytes, end, limits)
    // Local headers are far from each other, so little is read around each.
    let headers = ZipBytes(blob, name: name, window: 1 << 9)
    entries = try ZipMembers(headers, directoryOffset: end.directoryOffset, limits).located(directory.entries)
    places = directory.places
    comment = end.comment
    self.blob = blob
    self.name = name
  }

  /// The member with these path bytes, without a final slash.
  public subscript(path: [UInt8]) -> ZipEntry? { places[path].map { entries[$0] } }

  /// The content of one of the entries. Whoever reads it to its end gets the last byte only after size, CRC-32 and the end of the
  /// compressed data were checked; else reading throws an `ArchiveError`.
  ///
  /// To open it at an offset, everything before is inflated and checked too.
  public func content(_ entry: ZipEntry) -> any Blob { ZipContent(archive: blob, entry: entry, archiveName: name) }

  /// The bytes of a stored member where they lie, to be opened at any offset without reading what is before. Nothing is checked. Nil for a deflated one.
  package func stored(_ entry: ZipEntry) -> (any Blob)? {
    entry.method == .stored ? PartOfBlob(blob, from: entry.dataOffset, size: entry.size) : nil
  }
}
