public import SystemPackage

/// One entry of an archive that is read. Owners and times are what the archive says; nothing has been applied.
public struct TarHeader: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case file
    case directory
    /// The target's bytes, as they are. They may point anywhere.
    case symlink(target: [UInt8])
    /// Another entry's path, from the archive's root.
    case hardlink(target: FilePath)
    case characterDevice(major: UInt32, minor: UInt32)
    case blockDevice(major: UInt32, minor: UInt32)
    case fifo
  }

  /// Relative, without `.`, `..` and empty components. Empty for the root itself.
  public let path: FilePath
  public let kind: Kind
  /// Permission bits, 12 of them.
  public let mode: UInt32
  public let uid: UInt32
  public let gid: UInt32
  /// Bytes of content; 0 for everything but files.
  public let size: UInt64
  /// Seconds since 1970.
  public let mtime: Int64
}
