/// A member of a zip file, as its central directory and its local header agree about it.
public struct ZipEntry: Sendable, Hashable {
  /// Relative, `/` between the components, none of them empty, `.` or `..`; without the final slash of a directory. UTF-8.
  public let path: [UInt8]
  /// Bytes of content.
  public let size: UInt64
  /// Bytes that the content takes in the archive.
  public let compressedSize: UInt64
  /// Of the content (ISO 3309, as zlib computes it).
  public let crc32: UInt32
  public let isDirectory: Bool
  /// The 12 permission bits of the external attributes; 0 when the archive has none.
  public let permissions: UInt32
  /// Whether somebody may execute it. As Python's installers have it, only for a member that says of itself to be a regular file.
  public let isExecutable: Bool

  let method: ZipFormat.Method
  let flags: UInt16
  let headerOffset: UInt64
  /// Where the compressed bytes begin.
  var dataOffset: UInt64 = 0
}
