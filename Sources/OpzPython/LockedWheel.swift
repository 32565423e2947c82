public import OpzIO

/// The wheel of a lock that fits a target.
public struct LockedWheel: Sendable, Hashable {
  public enum Place: Sendable, Hashable {
    case url(String)
    /// Relative to the lock's directory.
    case path(String)
  }

  public let name: WheelName
  public let version: String
  public let place: Place
  /// Bytes, where the lock says.
  public let size: UInt64?
  public let digest: Digest
  /// All that the lock says, the SHA-256 among them.
  public let hashes: [FileHash]
}
