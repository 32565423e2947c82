/// The differences between two texts, line by line, in the format of `diff -u`.
public struct LineDiff: Sendable {
  private enum Step { case same(String), gone(String), new(String) }

  private static let context = 3

  /// Returns a unified diff with three lines of context.
  /// - Parameters:
  ///   - name: the file name in the header.
  ///   - old: nil for a file that was added; `new` is nil for one that was removed.
  /// - Returns: an empty string where both are equal.
  public static func unified(_ name: String, from old: String?, to new: String?) -> String {
    guard old != new else { return "" }
    let steps = compare(lines(old), lines(new))
    var text = "--- \(old == nil ? "/dev/null" : "a/" + name)\n+++ \(new == nil ? "/dev/null" : "b/" + name)\n"
    var (left, right) = (1, 1)
    var positions: [(left: Int, right: Int)] = []
    for step in steps {
      positions.append((left, right))
      switch step {
      case .same: (left, right) = (left + 1, right + 1)
      case .gone: left += 1
      case .new: right += 1
      }
    }
    for hunk in hunks(steps) {
      text += head(steps[hunk], positions[hunk.lowerBound])
      for step in steps[hunk] {
        switch step {
        case .same(let line): text += " \(line)\n"
        case .gone(let line): text += "-\(line)\n"
        case .new(let line): text += "+\(line)\n"
        }
      }
    }
    return text
  }

  private static func lines(_ text: String?) -> [String] {
    guard let text, !text.isEmpty else { return [] }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return text.hasSuffix("\n") ? lines.dropLast() : lines
  }

  private static func head(_ steps: ArraySlice<Step>, _ position: (left: Int, right: Int)) -> String {
    var (left, right) = (0, 0)
    for step in steps {
      switch step {
      case .same: (left, right) = (left + 1, right + 1)
      case .gone: left += 1
      case .new: right += 1
      }
    }
    // A side without lines is numbered by the line before it.
    func range(_ start: Int, _ count: Int) -> String { "\(count == 0 ? start - 1 : start),\(count)" }
    return "@@ -\(range(position.left, left)) +\(range(position.right, right)) @@\n"
  }

  /// The ranges of steps that contain changes, with three lines of context.
  private static func hunks(_ steps: [Step]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for (index, step) in steps.enumerated() {
      if case .same = step { continue }
      let range = max(0, index - context)..<min(steps.count, index + context + 1)
      if let last = found.last, last.upperBound >= range.lowerBound {
        found[found.count - 1] = last.lowerBound..<range.upperBound
      } else {
        found.append(range)
      }
    }
    return found
  }

  /// Computes the longest common subsequence of lines with the quadratic table; manifests have a few hundred lines.
  /// Common lines at the start and end are skipped, and a middle of more than four million cells counts as replaced.
  private static func compare(_ old: [String], _ new: [String]) -> [Step] {
    var start = 0
    while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
    var end = 0
    while end < min(old.count, new.count) - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
    let left = Array(old[start..<(old.count - end)])
    let right = Array(new[start..<(new.count - end)])
    let head = old[..<start].map { Step.same($0) }
    let tail = old[(old.count - end)...].map { Step.same($0) }
    guard left.count < 4_000_000 / max(1, right.count) else {
      return head + left.map { .gone($0) } + right.map { .new($0) } + tail
    }
    return head + middle(left, right) + tail
  }

  private static func middle(_ left: [String], _ right: [String]) -> [Step] {
    let width = right.count + 1
    var longest = [Int32](repeating: 0, count: (left.count + 1) * width)
    for i in stride(from: left.count - 1, through: 0, by: -1) {
      for j in stride(from: right.count - 1, through: 0, by: -1) {
        longest[i * width + j] =
          left[i] == right[j]
          ? longest[(i + 1) * width + j + 1] + 1
          : max(longest[(i + 1) * width + j], longest[i * width + j + 1])
      }
    }
    var steps: [Step] = []
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      if i < left.count, j < right.count, left[i] == right[j] {
        steps.append(.same(left[i]))
        (i, j) = (i + 1, j + 1)
      } else if i < left.count, j == right.count || longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
        steps.append(.gone(left[i]))
        i += 1
      } else {
        steps.append(.new(right[j]))
        j += 1
      }
    }
    return steps
  }
}
