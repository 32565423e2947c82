public import OpzIO

/// An archive that cannot be written as asked, or that cannot be read safely.
public typealias ArchiveError = Failure<ArchiveErrorCode>

/// What can be wrong.
public enum ArchiveErrorCode: FailureCode {
  /// An entry to be written has an unsafe or duplicate name, or a value that tar cannot hold.
  case badEntry
  /// A file has another size than it had when the archive was planned.
  case changed
  /// An archive that is cut short, damaged, or that two readers could read differently.
  case malformed
  /// An archive that would write outside of its directory, or make a device.
  case unsafe
  /// An archive that is over a limit.
  case overLimit
  /// A feature of a format that opz does not read or write.
  case unsupported
  /// No such file in the layers.
  case notFound
  /// The bytes do not have the digest that they were announced with.
  case wrongDigest

  public var category: ErrorCategory {
    switch self {
    case .badEntry, .changed, .unsupported: .failed
    case .malformed, .wrongDigest: .verification
    case .unsafe, .overLimit: .refused
    case .notFound: .notFound
    }
  }
}
