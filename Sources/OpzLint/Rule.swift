/// Checks a set of objects for one kind of problem.
protocol Rule: Sendable {
  var about: RuleAbout { get }
  func check(_ set: ObjectSet, _ found: inout Findings)
}

/// The description of a rule. It is also the rule's page (`opz lint --explain CODE`, docs/lint), and its examples are
/// the rule's tests.
public struct RuleAbout: Sendable {
  /// The code, such as `OPZ101`, which is never reused.
  public let code: String
  public let severity: Severity
  /// A few words.
  public let title: String
  /// Why the rule matters, with the formula, in paragraphs.
  public let why: String
  /// What to do about a finding.
  public let remedy: String
  /// Manifests with the finding.
  public let wrong: String
  /// Manifests without the finding.
  public let right: String

  /// Formats a hint, which is lower case without a period, as a sentence. A command is left as it is.
  private func sentence(_ hint: String) -> String {
    hint.hasPrefix("opz ") ? "`\(hint)`" : hint.prefix(1).uppercased() + hint.dropFirst() + "."
  }

  /// The rule's page in Markdown.
  public var page: String {
    """
    # \(code): \(title)

    Severity: \(severity.rawValue)

    \(why)

    ## What to do

    \(sentence(remedy))

    ## Found in

    ```yaml
    \(wrong)
    ```

    ## Not found in

    ```yaml
    \(right)
    ```

    ## Allow it

    Use an annotation on the object, or a comment at the line of the value or above it. The reason is required.

    ```yaml
    metadata: {annotations: {opz.dev/allow: "\(code): why it is right here"}}
    # opz:allow \(code) why it is right here
    ```

    """
  }
}
