/// Finds the block of lines that belongs to a line of YAML text, by indentation. Built in one pass over the lines.
struct IndentedBlocks {
  /// For each line, the next line, including itself, that is neither empty nor a comment.
  private var next: [Int]
  /// For each such line, the next one that is not indented more.
  private var end: [Int]
  /// The first such line that is not a document marker.
  private let first: Int

  init(_ lines: [Substring]) {
    let count = lines.count
    next = Array(repeating: count, count: count + 1)
    end = next
    var first = count
    // Lines below the current one that may end its block, the shallowest first.
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

  /// The block of the next line with content: up to the last line that is indented more. All lines where there was no
  /// content before.
  func after(_ index: Int) -> ClosedRange<Int> {
    let count = end.count - 1
    let begin = next[index + 1]
    guard begin < count else { return index...index }
    guard first < index else { return 0...(count - 1) }
    return begin...(end[begin] - 1)
  }
}
