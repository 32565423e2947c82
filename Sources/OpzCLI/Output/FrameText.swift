/// The bytes that turn one frame on a terminal into the next, without a blank in between (ECMA-48).
enum FrameText {
  /// - Parameters:
  ///   - drawn: lines of the frame that is there; the cursor is in the last one.
  ///   - kept: a line that stays above the frame.
  static func replacing(_ drawn: Int, keeping kept: String? = nil, with lines: [String]) -> String {
    var text = ""
    if drawn > 0 { text += "\r" }
    if drawn > 1 { text += "\u{1B}[\(drawn - 1)A" }
    let end = drawn > 0 ? "\u{1B}[K" : ""
    if let kept {
      for line in kept.split(separator: "\n", omittingEmptySubsequences: false) { text += "\(line)\(end)\n" }
    }
    text += lines.map { $0 + "\u{1B}[K" }.joined(separator: "\n")
    // What the old frame had below is gone, too.
    if drawn > 0 { text += "\u{1B}[J" }
    return text
  }
}
