/// What a rule is: the same text is its page (`opz lint --explain CODE`, docs/lint), and its examples are its tests.
public struct RuleAbout: Sendable {
  /// `OPZ101`; a code is never used again.
  public let code: String
  public let severity: Severity
  /// A few words.
  public let title: String
  /// Why it matters, with the formula. Paragraphs.
  public let why: String
  /// What to do.
  public let remedy: String
  /// Manifests that have the finding.
  public let wrong: String
  /// Manifests that do not.
  public let right: String

  /// Hints are lower case and have no full stop; on a page they are sentences. A command stays as it is typed.
  private func sentence(_ hint: String) -> String {
    hint.hasPrefix("opz ") ? "`\(hint)`" : hint.prefix(1).uppercased() + hint.dropFirst() + "."
  }

  /// The page, in Markdown.
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

    On the object, as an annotation, or in the text, at the line or above it. The reason is not optional.

    ```yaml
    metadata: {annotations: {opz.dev/allow: "\(code): why it is right here"}}
    # opz:allow \(code) why it is right here
    ```

    """
  }
}
