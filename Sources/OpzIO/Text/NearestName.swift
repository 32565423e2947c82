/// Finds the name that a misspelled one was meant to be.
public enum NearestName {
  /// Returns the name closest to `text`, ignoring the case of `text`, within an edit distance of a third of its
  /// length, or 1; nil when none is that close.
  public static func find(_ text: String, in names: [String]) -> String? {
    let meant = Array(text.prefix(64).lowercased())
    let allowed = max(1, min(meant.count, 30) / 3)
    // A directory may have a hundred thousand names: most are ruled out by their length.
    let near = names.filter { abs($0.utf8.count - text.utf8.count) <= allowed * 4 }
    let ranked = near.map { (name: $0, distance: distance(meant, Array($0.prefix(128)))) }
    guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= allowed
    else {
      return nil
    }
    return best.name
  }

  /// The names that `text` was probably meant to be, the likeliest first: near ones, then those that contain it.
  ///
  /// - Parameter limit: the most names to return.
  public static func candidates(for text: String, in names: [String], limit: Int = 3) -> [String] {
    let near = find(text, in: names)
    let part = text.lowercased()
    let containing = part.utf8.count < 2 ? [] : names.filter { $0 != near && $0.lowercased().contains(part) }
    let sorted = containing.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    return Array(((near.map { [$0] } ?? []) + sorted).prefix(limit))
  }

  /// The least number of insertions, deletions, substitutions and swaps of neighboring characters that turn one text
  /// into the other (optimal string alignment).
  static func distance(_ one: [Character], _ two: [Character]) -> Int {
    var before: [Int] = []
    var last = Array(0...two.count)
    for row in 0..<one.count {
      var current = [row + 1]
      for column in 0..<two.count {
        var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (one[row] == two[column] ? 0 : 1))
        if row > 0, column > 0, one[row] == two[column - 1], one[row - 1] == two[column] {
          best = min(best, before[column - 1] + 1)
        }
        current.append(best)
      }
      before = last
      last = current
    }
    return last[two.count]
  }
}
