/// The five fields of a CronJob's schedule, as Kubernetes' parser (robfig/cron v3) takes them.
enum CronSchedule {
  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
  private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  static func isValid(_ text: String) -> Bool {
    let fields = text.split(separator: " ", omittingEmptySubsequences: true)
    guard fields.count == 5, text.utf8.count <= 256 else { return false }
    let ranges: [(ClosedRange<Int>, [String])] = [
      (0...59, []), (0...23, []), (1...31, []), (1...12, months), (0...6, days),
    ]
    return zip(fields, ranges).allSatisfy { field, range in
      field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { isPart($0, range.0, range.1) }
    }
  }

  /// `*`, `N` or `N-M`, each with `/STEP`.
  private static func isPart(_ text: Substring, _ range: ClosedRange<Int>, _ names: [String]) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return false }
    if parts.count == 2 {
      guard let step = number(parts[1]), step > 0 else { return false }
    }
    if parts[0] == "*" || parts[0] == "?" { return true }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    let values = ends.compactMap { end in
      number(end) ?? names.firstIndex(of: end.lowercased()).map { $0 + range.lowerBound }
    }
    guard (1...2).contains(ends.count), values.count == ends.count, values.allSatisfy(range.contains) else {
      return false
    }
    return values.count == 1 || values[0] <= values[1]
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }
}
