/// How much a finding matters.
public enum Severity: String, Sendable, Hashable, Comparable, CaseIterable, Encodable {
  /// Good to know.
  case note
  /// Works today, and may hurt.
  case warning
  /// Does not do what it says: Kubernetes refuses it, or it never works.
  case error

  public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}
