/// Looks for one thing in a set of objects.
protocol Rule: Sendable {
  var about: RuleAbout { get }
  func check(_ set: ObjectSet, _ found: inout Findings)
}
