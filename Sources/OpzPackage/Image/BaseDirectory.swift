public import SystemPackage

/// A directory of a base image, with its mode and owner.
///
/// A layer that adds files to it repeats its entry unchanged: docker's and podman's overlay drivers unpack each
/// layer separately and create directories without an entry as 0755 and root's, which would hide the base's own
/// attributes.
public struct BaseDirectory: Sendable, Hashable {
  public let path: FilePath
  public let mode: UInt32
  public let uid: UInt32
  public let gid: UInt32

  /// Describes a directory of the base image by its path, permission bits and numeric owner.
  public init(path: FilePath, mode: UInt32, uid: UInt32, gid: UInt32) {
    self.path = path
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }
}
