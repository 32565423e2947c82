/// Replaces one frame on a terminal by the next without flicker (ECMA-48 control sequences).
enum FrameText {
  /// - Parameters:
  ///   - drawn: the number of lines of the current frame; the cursor is in its last line.
  ///   - kept: text that is printed above the frame and stays.
  static func replacing(_ drawn: Int, keeping kept: String? = nil, with lines: [String]) -> String {
    var text = ""
    if drawn > 0 { text += "\r" }
    if drawn > 1 { text += "\u{1B}[\(drawn - 1)A" }
    let end = drawn > 0 ? "\u{1B}[K" : ""
    if let kept {
      for line in kept.split(separator: "\n", omittingEmptySubsequences: false) { text += "\(line)\(end)\n" }
    }
    text += lines.map { $0 + "\u{1B}[K" }.joined(separator: "\n")
    // Erase the old frame's remaining lines.
    if drawn > 0 { text += "\u{1B}[J" }
    return text
  }
}
