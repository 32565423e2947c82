import OpzYAML

/// Where a rule puts what it finds.
struct Findings {
  private let about: RuleAbout
  private(set) var all: [Finding] = []

  init(_ about: RuleAbout) { self.about = about }

  /// - Parameter node: the place; the object's beginning where there is none.
  mutating func add(
    _ object: KubernetesObject, _ node: YAMLNode?, _ message: String, hint: String? = nil, severity: Severity? = nil
  ) {
    all.append(
      Finding(
        about.code, severity ?? about.severity, object.file, node?.place ?? object.place, object.title, message,
        hint: hint ?? about.remedy))
  }
}
