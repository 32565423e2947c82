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
