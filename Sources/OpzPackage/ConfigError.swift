public import OpzIO

/// An opz.yaml that cannot be used: all that is wrong with it, of which up to ten things are shown.
public struct ConfigError: ExplainedError {
  public struct Problem: Sendable, Hashable {
    /// `opz.yaml:12`, or `--set`.
    public let place: String
    /// `deploy.replicas.min`; empty for the document.
    public let key: String
    public let reason: String
    public let hint: String?

    /// The texts may hold what a file says: control characters are shown as `\u{..}`, so that a file cannot write to a terminal.
    init(place: String, key: String, reason: String, hint: String? = nil) {
      self.place = Problem.printable(place, limit: 4096)
      self.key = Problem.printable(key, limit: 160)
      self.reason = Problem.printable(reason, limit: 400)
      self.hint = hint.map { Problem.printable($0, limit: 400) }
    }

    private static func printable(_ text: String, limit: Int) -> String {
      var result = ""
      for (index, scalar) in text.unicodeScalars.enumerated() {
        if index == limit { return result + ".." }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
          result += scalar.escaped(asASCII: true)
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result
    }

    fileprivate var subject: String { key.isEmpty ? place : "\(place): \(key)" }
  }

  /// In the order of the lines.
  public let problems: [Problem]
  public let category: ErrorCategory

  public init(_ problems: [Problem], category: ErrorCategory = .failed) {
    self.problems = problems
    self.category = category
  }

  init(_ place: String, _ reason: String, key: String = "", hint: String? = nil, category: ErrorCategory = .failed) {
    self.init([Problem(place: place, key: key, reason: reason, hint: hint)], category: category)
  }

  public var subject: String { problems.first?.subject ?? "opz.yaml" }
  public var reason: String { problems.first?.reason ?? "" }
  public var hint: String? { problems.first?.hint }

  static let shown = 10

  /// One problem with its hint below it; several with a line each, the hints in brackets.
  public var description: String {
    if problems.count == 1, let problem = problems.first {
      return "\(problem.subject): \(problem.reason)" + (problem.hint.map { "\n\nhint: \($0)" } ?? "")
    }
    var lines = problems.prefix(ConfigError.shown).map { problem in
      "\(problem.subject): \(problem.reason)" + (problem.hint.map { " (\($0))" } ?? "")
    }
    let rest = problems.count - ConfigError.shown
    if rest > 0 { lines.append(problems.count < ConfigProblems.maximum ? "and \(rest) more" : "and many more") }
    return lines.joined(separator: "\n")
  }
}
