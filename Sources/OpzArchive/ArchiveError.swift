public import OpzIO

/// An archive that cannot be written as requested, or cannot be read safely.
public typealias ArchiveError = Failure<ArchiveErrorCode>

/// The kinds of archive failure.
public enum ArchiveErrorCode: FailureCode {
  /// An entry to be written has an unsafe or duplicate name, or a value that tar cannot hold.
  case badEntry
  /// A file's size differs from the one it had when the archive was planned.
  case changed
  /// An archive that is truncated, damaged, or that two readers could read differently.
  case malformed
  /// An archive that would write outside of its directory, or create a device.
  case unsafe
  /// An archive that is over a limit.
  case overLimit
  /// A feature of the format that opz neither reads nor writes.
  case unsupported
  /// The layers have no such file.
  case notFound
  /// The bytes do not have the announced digest.
  case wrongDigest

  /// Damage counts as failed verification, unsafe and oversized archives as refused.
  public var category: ErrorCategory {
    switch self {
    case .badEntry, .changed, .unsupported: .failed
    case .malformed, .wrongDigest: .verification
    case .unsafe, .overLimit: .refused
    case .notFound: .notFound
    }
  }
}
