/// A member of a zip file, as described identically by its central directory and its local header.
public struct ZipEntry: Sendable, Hashable {
  /// The path's bytes, UTF-8: relative, no component empty, `.` or `..`, without a directory's final slash.
  public let path: [UInt8]
  /// The content's size in bytes.
  public let size: UInt64
  /// The size of the stored bytes in the archive.
  public let compressedSize: UInt64
  /// The CRC-32 of the content (ISO 3309, as zlib computes it).
  public let crc32: UInt32
  public let isDirectory: Bool
  /// The 12 permission bits of the external attributes; 0 when the archive has none.
  public let permissions: UInt32
  /// Whether anyone may execute it. As in Python's installers, true only for members marked as regular files.
  public let isExecutable: Bool

  let method: ZipFormat.Method
  let flags: UInt16
  let headerOffset: UInt64
  /// Where the compressed bytes start in the archive.
  var dataOffset: UInt64 = 0
}
