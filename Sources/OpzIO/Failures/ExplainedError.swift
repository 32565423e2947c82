/// What a failure means to the caller of a command. The command line maps each to an exit code.
public enum ErrorCategory: String, Sendable, CaseIterable {
  /// The work was tried and did not succeed.
  case failed
  /// A name, file or digest does not exist.
  case notFound
  /// The state on disk or in a registry is not the one that the caller expects.
  case conflict
  /// Content is not what it claims to be.
  case verification
  /// A policy, a scan or an objective forbids it.
  case refused
  /// A network peer could not be reached, or did not let us in.
  case network
  /// The command was written wrongly.
  case usage
}

/// An error that a person can act on: what went wrong with which thing, why, and what to do.
///
/// Each module has one type that conforms. The text is lower case and has no final full stop.
public protocol ExplainedError: Error, Sendable, CustomStringConvertible {
  var category: ErrorCategory { get }
  /// The thing and the place: a path, a reference, a key with its line.
  var subject: String { get }
  /// Why.
  var reason: String { get }
  /// What to do, with the command that helps, if there is one.
  var hint: String? { get }
}

extension ExplainedError {
  public var hint: String? { nil }

  /// `subject: reason`, and the hint on a line of its own. All of it may be shown anywhere, whoever wrote the names in it.
  public var description: String {
    let reason = PrintableText.text(reason)
    let line = subject.isEmpty ? reason : "\(PrintableText.line(subject)): \(reason)"
    guard let hint else { return line }
    return "\(line)\n\nhint: \(PrintableText.text(hint))"
  }
}
