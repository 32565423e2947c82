public import OpzYAML

/// A problem that a rule found, with the arithmetic that proves it.
public struct Finding: Sendable, Hashable, Encodable {
  /// The rule's code, such as `OPZ101`. Its meaning never changes.
  public let code: String
  public let severity: Severity
  /// The name of the input.
  public let file: String
  /// The line, starting at 1.
  public let line: Int
  /// The column in code points, starting at 1.
  public let column: Int
  /// The object, such as `Deployment crm/churn`; empty where none could be read.
  public let object: String
  /// What is wrong and the arithmetic that proves it, on one line.
  public let message: String
  /// What to do about it.
  public let hint: String?
  /// The reason for which the finding is allowed, if it is.
  public internal(set) var allowed: String?

  public var place: Place { Place(line: line, column: column) }

  init(
    _ code: String, _ severity: Severity, _ file: String, _ place: Place, _ object: String, _ message: String,
    hint: String? = nil
  ) {
    self.code = code
    self.severity = severity
    self.file = file
    line = place.line
    column = place.column
    self.object = object
    self.message = message
    self.hint = hint
  }
}
