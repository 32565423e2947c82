public import OpzIO

/// A file's digest by one of the three algorithms that pip accepts for `--hash`.
public struct FileHash: Hashable, Sendable {
  /// A hash algorithm, named as in `--hash`.
  public enum Algorithm: String, Sendable, CaseIterable {
    case sha256, sha384, sha512

    /// Hex digits of a digest.
    var digits: Int {
      switch self {
      case .sha256: 64
      case .sha384: 96
      case .sha512: 128
      }
    }
  }

  public let algorithm: Algorithm
  /// Lower case.
  public let hex: String

  /// Nil unless the text has the algorithm's number of hex digits.
  public init?(_ algorithm: Algorithm, hex: String) {
    let hex = hex.lowercased()
    guard hex.utf8.count == algorithm.digits,
      hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { return nil }
    self.algorithm = algorithm
    self.hex = hex
  }

  /// The digest of a file's bytes.
  public static func of(_ blob: some Blob, _ algorithm: Algorithm) throws -> FileHash? {
    switch algorithm {
    case .sha256, .sha512:
      var hasher = DigestHasher(algorithm == .sha256 ? .sha256 : .sha512)
      try blob.forEachChunk { hasher.update($0) }
      return FileHash(algorithm, hex: hasher.finish().hex)
    case .sha384:
      var hasher = SHA384()
      try blob.forEachChunk { hasher.update($0) }
      return FileHash(algorithm, hex: hasher.finish())
    }
  }
}

extension FileHash: CustomStringConvertible {
  /// `sha256:ab12..`, as `--hash` has it.
  public var description: String { "\(algorithm.rawValue):\(hex)" }
}
