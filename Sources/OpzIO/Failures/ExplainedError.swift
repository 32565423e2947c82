/// What a failure means to the caller of a command. The command line maps each category to an exit code.
public enum ErrorCategory: String, Sendable, CaseIterable {
  /// The work was attempted and did not succeed.
  case failed
  /// A name, file or digest does not exist.
  case notFound
  /// The state on disk or in a registry differs from the one that the caller expects.
  case conflict
  /// Content does not match its digest, signature or declared form.
  case verification
  /// A policy, a scan or an objective forbids the work.
  case refused
  /// A network peer could not be reached, or denied access.
  case network
  /// The command line is invalid.
  case usage
}

/// An error that a person can act on: what went wrong with which thing, why, and what to do.
///
/// Most modules have one conforming type. The text is lower case and has no final period.
public protocol ExplainedError: Error, Sendable, CustomStringConvertible {
  var category: ErrorCategory { get }
  /// What the failure is about: a path, a reference, a key with its line.
  var subject: String { get }
  /// Why it failed.
  var reason: String { get }
  /// What to do about it, with the command that helps, if there is one.
  var hint: String? { get }
}

extension ExplainedError {
  /// Nil: no advice.
  public var hint: String? { nil }

  /// `subject: reason`, and the hint after an empty line. Escaped (`PrintableText`), so it is safe to show wherever
  /// its names come from.
  public var description: String {
    let reason = PrintableText.text(reason)
    let line = subject.isEmpty ? reason : "\(PrintableText.line(subject)): \(reason)"
    guard let hint else { return line }
    return "\(line)\n\nhint: \(PrintableText.text(hint))"
  }
}
