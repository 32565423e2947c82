/// Which lines of a YAML text belong to which, by their indentation. Made in one pass over the lines.
struct IndentedBlocks {
  /// The next line, itself included, that is neither empty nor a comment.
  private var next: [Int]
  /// Of such a line, the next one that is indented no more than it.
  private var end: [Int]
  /// The first such line that does not begin a document.
  private let first: Int

  init(_ lines: [Substring]) {
    let count = lines.count
    next = Array(repeating: count, count: count + 1)
    end = next
    var first = count
    // Lines whose blocks have begun below the one that is looked at, the shallowest first.
    var waiting: [(line: Int, indent: Int)] = []
    for index in lines.indices.reversed() {
      next[index] = next[index + 1]
      let text = lines[index].drop(while: \.isWhitespace)
      guard !text.isEmpty, !text.hasPrefix("#") else { continue }
      next[index] = index
      if !lines[index].hasPrefix("---") { first = index }
      let indent = lines[index].prefix { $0 == " " }.count
      while let last = waiting.last, last.indent > indent { waiting.removeLast() }
      end[index] = waiting.last?.line ?? count
      waiting.append((index, indent))
    }
    self.first = first
  }

  /// From the next line that says something to the last one that is indented more; all lines where nothing was said before.
  func after(_ index: Int) -> ClosedRange<Int> {
    let count = end.count - 1
    let begin = next[index + 1]
    guard begin < count else { return index...index }
    guard first < index else { return 0...(count - 1) }
    return begin...(end[begin] - 1)
  }
}
