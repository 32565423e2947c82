import OpzIO

/// Text of a model's in a comment of a file that `opz init` writes: what a model says of itself is not trusted to be a
/// line.
enum CommentText {
  private static let limit = 200

  /// One line of printable characters, at most 200.
  static func line(_ text: some StringProtocol) -> String {
    let line = PrintableText.line(text, limit: limit)
    return line.count <= limit ? line : line.prefix(limit - 2) + ".."
  }
}
