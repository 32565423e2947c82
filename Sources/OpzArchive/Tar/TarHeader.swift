public import SystemPackage

/// One entry of an archive that is read. Owners and times are what the archive records; nothing was applied.
public struct TarHeader: Sendable, Hashable {
  /// What the entry is.
  public enum Kind: Sendable, Hashable {
    case file
    case directory
    /// The target's raw bytes, which may point anywhere.
    case symlink(target: [UInt8])
    /// Another entry's path, relative to the archive's root.
    case hardlink(target: FilePath)
    case characterDevice(major: UInt32, minor: UInt32)
    case blockDevice(major: UInt32, minor: UInt32)
    case fifo
  }

  /// The path, relative, without `.`, `..` and empty components. Empty for the root itself.
  public let path: FilePath
  public let kind: Kind
  /// The 12 permission bits.
  public let mode: UInt32
  public let uid: UInt32
  public let gid: UInt32
  /// The content's size in bytes; 0 for everything but files.
  public let size: UInt64
  /// The modification time in seconds since 1970.
  public let mtime: Int64
}
