public import OpzIO
public import OpzPython
public import SystemPackage

/// A local wheel file whose digest matches the lock.
public struct LocalWheel: Sendable {
  public let name: WheelName
  public let file: FilePath
  public let digest: Digest
  /// Bytes of the file.
  public let size: UInt64

  /// Describes a wheel file; `digest` and `size` (bytes) are those of the whole file.
  public init(name: WheelName, file: FilePath, digest: Digest, size: UInt64) {
    self.name = name
    self.file = file
    self.digest = digest
    self.size = size
  }
}
