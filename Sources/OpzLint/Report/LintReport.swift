public import OpzYAML

/// The findings of a run, sorted by file and line.
public struct LintReport: Sendable {
  /// The findings that are not allowed.
  public let findings: [Finding]
  /// The allowed findings, each with its reason.
  public let allowed: [Finding]
  /// The number of files that were linted.
  public let files: Int
  /// The number of objects that were read.
  public let objects: Int

  /// Returns the number of findings of a severity, without the allowed ones.
  public func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }
  /// Whether there are errors.
  public var fails: Bool { findings.contains { $0.severity == .error } }
}

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
    _ code: String, _ severity: Severity, file: String, place: Place, object: String, message: String,
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

/// How serious a finding is.
public enum Severity: String, Sendable, Hashable, Comparable, CaseIterable, Encodable {
  /// Good to know.
  case note
  /// Works now, but may cause problems.
  case warning
  /// Kubernetes rejects it, or it never does what it says.
  case error

  /// Orders severities from `note` to `error`.
  public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}

/// Collects the findings of one rule.
struct Findings {
  private let about: RuleAbout
  private(set) var all: [Finding] = []

  init(_ about: RuleAbout) { self.about = about }

  /// Adds a finding.
  /// - Parameter node: the source location; nil for the start of the object.
  mutating func add(
    _ object: LintObject, _ node: YAMLNode?, message: String, hint: String? = nil, severity: Severity? = nil
  ) {
    all.append(
      Finding(
        about.code, severity ?? about.severity, file: object.file, place: node?.place ?? object.place,
        object: object.title, message: message,
        hint: hint ?? about.remedy))
  }
}
