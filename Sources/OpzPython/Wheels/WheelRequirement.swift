/// A wheel's requirement: `numpy (>=1.22,<3) ; python_version >= "3.9"` (dependency specifiers).
struct WheelRequirement: Sendable {
  /// Normalized.
  let name: String
  let clauses: [(comparison: String, version: String)]
  let marker: EnvironmentMarker?

  /// - Returns: nil if the text is not a requirement by name.
  init?(_ text: String) {
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first else { return nil }
    let name = first.drop { $0 == " " }.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    guard WheelName.isDistribution(name), !first.contains("@") else { return nil }
    self.name = WheelName.normalized(name)
    var rest = first.drop { $0 == " " }.dropFirst(name.count).filter { $0 != " " && $0 != "(" && $0 != ")" }
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") { rest = String(rest[rest.index(after: end)...]) }
    clauses = rest.split(separator: ",").map { clause in
      let comparison = clause.prefix { "<>=!~".contains($0) }
      return (String(comparison), String(clause.dropFirst(comparison.count)))
    }
    if parts.count == 2 {
      guard let marker = try? EnvironmentMarker(parsing: String(parts[1])) else { return nil }
      self.marker = marker
    } else {
      marker = nil
    }
  }

  /// A clause that the version does not meet; nil if it meets all.
  func broken(by version: String) -> String? {
    clauses.first { PythonVersion.meets(version, $0.comparison, wanted: $0.version) == false }.map {
      $0.comparison + $0.version
    }
  }
}
