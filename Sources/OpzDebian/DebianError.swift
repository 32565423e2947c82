public import OpzIO

/// A Debian package, an archive of them or a choice among them that is not as it must be.
public typealias DebianError = Failure<DebianErrorCode>

/// What can be wrong.
public enum DebianErrorCode: FailureCode {
  /// Malformed input: a control file, a version, a .deb, a line of sources.list.
  case malformed
  /// More bytes, fields or packages than are read.
  case overLimit
  /// No choice of packages fits the base.
  case unsatisfiable
  /// A package that cannot become a layer: its scripts would have to run, or it has devices.
  case unsuitable
  case notFound
  /// A signature or digest that does not match, or a Release file that is no longer valid.
  case untrusted
  /// A form that opz does not read.
  case unsupported

  /// What the kind means to the caller of a command.
  public var category: ErrorCategory {
    switch self {
    case .malformed, .unsatisfiable, .unsuitable, .unsupported: .failed
    case .overLimit: .refused
    case .notFound: .notFound
    case .untrusted: .verification
    }
  }
}
