import OpzYAML

/// Collects the findings of one rule.
struct Findings {
  private let about: RuleAbout
  private(set) var all: [Finding] = []

  init(_ about: RuleAbout) { self.about = about }

  /// Adds a finding.
  /// - Parameter node: the source location; nil for the start of the object.
  mutating func add(
    _ object: KubernetesObject, _ node: YAMLNode?, _ message: String, hint: String? = nil, severity: Severity? = nil
  ) {
    all.append(
      Finding(
        about.code, severity ?? about.severity, object.file, node?.place ?? object.place, object.title, message,
        hint: hint ?? about.remedy))
  }
}
