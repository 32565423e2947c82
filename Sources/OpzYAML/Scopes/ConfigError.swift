public import OpzIO

/// An invalid opz.yaml or policy.yaml: all problems found, of which up to ten are shown.
public struct ConfigError: ExplainedError {
  /// One problem with its location, key, reason and hint.
  public typealias Problem = KeyProblem

  /// In line order.
  public let problems: [Problem]
  public let category: ErrorCategory

  /// Creates an error from the problems, given in line order.
  public init(_ problems: [Problem], category: ErrorCategory = .failed) {
    self.problems = problems
    self.category = category
  }

  /// One thing that is wrong.
  public init(
    _ place: String, _ reason: String, key: String = "", hint: String? = nil, category: ErrorCategory = .failed
  ) {
    self.init([Problem(place: place, key: key, reason: reason, hint: hint)], category: category)
  }

  public var subject: String { problems.first?.subject ?? "opz.yaml" }
  public var reason: String { problems.first?.reason ?? "" }
  public var hint: String? { problems.first?.hint }

  static let shown = 10

  /// One problem with its hint below it; several with one line each and the hints in parentheses.
  public var description: String {
    if problems.count == 1, let problem = problems.first {
      return "\(problem.subject): \(problem.reason)" + (problem.hint.map { "\n\nhint: \($0)" } ?? "")
    }
    var lines = problems.prefix(ConfigError.shown).map { problem in
      "\(problem.subject): \(problem.reason)" + (problem.hint.map { " (\($0))" } ?? "")
    }
    let rest = problems.count - ConfigError.shown
    if rest > 0 { lines.append(problems.count < KeyProblems.maximum ? "and \(rest) more" : "and many more") }
    return lines.joined(separator: "\n")
  }

  /// Parses a document and converts syntax errors to `ConfigError`.
  /// - Parameter file: for messages: `opz.yaml`.
  public static func reading<Value>(_ file: String, _ body: () throws(YAMLProblem) -> Value) throws(ConfigError)
    -> Value
  {
    do throws(YAMLProblem) { return try body() } catch {
      throw ConfigError("\(file):\(error.place.line)", error.reason, hint: error.hint)
    }
  }
}
