public import OpzYAML

/// Something that a rule found, with the arithmetic that proves it.
public struct Finding: Sendable, Hashable, Encodable {
  /// `OPZ101`; it never changes its meaning.
  public let code: String
  public let severity: Severity
  public let file: String
  /// From 1 on.
  public let line: Int
  /// From 1 on, in code points.
  public let column: Int
  /// `Deployment crm/churn`; empty where no object could be read.
  public let object: String
  public let message: String
  public let hint: String?
  /// Why it is allowed, where it is.
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
