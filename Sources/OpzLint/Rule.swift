/// Checks a set of objects for one kind of problem.
protocol Rule: Sendable {
  var about: RuleAbout { get }
  func check(_ set: ObjectSet, _ found: inout Findings)
}
