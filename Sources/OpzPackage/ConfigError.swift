public import OpzIO

/// An opz.yaml that cannot be used: all that is wrong with it, up to ten things.
public struct ConfigError: ExplainedError {
  public struct Problem: Sendable, Hashable {
    /// `opz.yaml:12`.
    public let place: String
    /// `deploy.replicas.min`; empty for the document.
    public let key: String
    public let reason: String
    public let hint: String?
  }

  public let problems: [Problem]
  public let category: ErrorCategory

  public init(_ problems: [Problem], category: ErrorCategory = .failed) {
    self.problems = Array(problems.prefix(10))
    self.category = category
  }

  init(_ place: String, _ reason: String, key: String = "", hint: String? = nil, category: ErrorCategory = .failed) {
    self.init([Problem(place: place, key: key, reason: reason, hint: hint)], category: category)
  }

  public var subject: String {
    problems.first.map { $0.key.isEmpty ? $0.place : "\($0.place): \($0.key)" } ?? "opz.yaml"
  }
  public var reason: String { problems.first?.reason ?? "" }
  public var hint: String? { problems.first?.hint }

  public var description: String {
    let lines = problems.map { "\($0.place): \($0.key.isEmpty ? "" : "\($0.key): ")\($0.reason)" }
    var hints: [String] = []
    for hint in problems.compactMap(\.hint) where !hints.contains(hint) { hints.append(hint) }
    let text = lines.joined(separator: "\n")
    return hints.isEmpty ? text : text + "\n\n" + hints.map { "hint: \($0)" }.joined(separator: "\n")
  }
}
