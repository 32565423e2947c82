public import OpzIO

/// A zip file that is read strictly: it is refused where two readers could find different members, or different bytes
/// in one.
///
/// The end record, the central directory and each local header are read and compared at once; members must fill the
/// file without gaps and overlaps. Contents are read on demand, in bounded memory. Only stored and deflated members
/// that are regular files or directories are supported (PKWARE APPNOTE.TXT 6.3.10).
public struct ZipArchive: Sendable {
  /// The archive's name in messages.
  public let name: String
  /// The members in the order of the central directory.
  public let entries: [ZipEntry]
  /// The comment after the end record, usually empty.
  public let comment: [UInt8]
  private let blob: any Blob
  private let places: [[UInt8]: Int]

  /// Reads and checks the archive's headers. It blocks.
  /// - Parameters:
  ///   - blob: the whole file.
  ///   - name: the archive's name in errors.
  ///   - limits: what the archive may cost.
  /// - Throws: `ArchiveError` with code `malformed`, `unsafe`, `unsupported` or `overLimit`, or what the blob throws.
  public init(_ blob: any Blob, name: String, limits: ZipLimits = ZipLimits()) throws {
    let bytes = ZipBytes(blob, name: name, window: 1 << 16)
    let end = try ZipEnd.read(bytes)
    let directory = try ZipDirectory(bytes, end, limits: limits)
    // Local headers are far apart, so little is read around each.
    let headers = ZipBytes(blob, name: name, window: 1 << 9)
    entries = try ZipMembers(headers, directoryOffset: end.directoryOffset, limits).located(directory.entries)
    places = directory.places
    comment = end.comment
    self.blob = blob
    self.name = name
  }

  /// The member with these path bytes, without a directory's final slash; nil when there is none.
  public subscript(path: [UInt8]) -> ZipEntry? { places[path].map { entries[$0] } }

  /// The content of one of the entries. A reader that reads to its end gets the last byte only after the size, the
  /// CRC-32 and the end of the compressed data were checked; otherwise reading throws an `ArchiveError`.
  ///
  /// Opening it at an offset inflates and checks everything before it too.
  public func content(_ entry: ZipEntry) -> any Blob { ZipContent(archive: blob, entry: entry, archiveName: name) }

  /// The bytes of a stored member in place, which can be opened at any offset without reading what precedes. Nothing
  /// is checked. Nil for a deflated member.
  package func stored(_ entry: ZipEntry) -> (any Blob)? {
    entry.method == .stored ? BlobSlice(blob, from: entry.dataOffset, size: entry.size) : nil
  }
}
