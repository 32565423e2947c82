public import OpzIO

/// The wheel in a lock that fits a target.
public struct LockedWheel: Sendable, Hashable {
  /// Where the lock says that the wheel is.
  public enum Location: Sendable, Hashable {
    case url(String)
    /// Relative to the lock's directory.
    case path(String)
  }

  public let name: WheelName
  public let version: String
  public let location: Location
  /// Size in bytes, if the lock has it.
  public let size: UInt64?
  public let digest: Digest
  /// All digests in the lock, including the SHA-256.
  public let hashes: [FileHash]

  /// Checks the bytes against the lock's digests other than SHA-256; that one was checked when they were fetched.
  /// - Throws: `PythonError.wrongDigest`.
  public func check(_ blob: some Blob, subject: String) throws {
    for hash in hashes where hash.algorithm != .sha256 {
      guard let found = try FileHash.of(blob, hash.algorithm), found != hash else { continue }
      throw PythonError(
        .wrongDigest, "\(subject): \(name)", reason: "the wheel has \(found), but \(hash) is locked",
        hint: "the lock contradicts itself: opz lock --update writes a new one")
    }
  }
}
