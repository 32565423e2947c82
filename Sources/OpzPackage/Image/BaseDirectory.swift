public import SystemPackage

/// A directory that a base has, with the base's own mode and owner.
///
/// A layer that puts something into it says it again just so: docker's and podman's overlay drivers unpack a layer by itself and make a directory
/// that it does not name, 0755 and root's, which then hides the base's own.
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
