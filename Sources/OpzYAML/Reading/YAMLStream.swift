/// A text split into its documents, so that each is parsed separately: an invalid document does not hide the others,
/// and threads can share the work.
///
/// A line that starts with `---` starts a document wherever it is: YAML forbids such lines in block and quoted
/// scalars (1.2.2, 9.1.2).
public struct YAMLStream: Sendable {
  static let maximumBytes = YAMLRules.manifests.bytes
  static let maximumDocuments = 200_000

  /// One document, or all of them where directives prevent splitting.
  public struct Part: Sendable {
    public let range: Range<Int>
    /// How many lines precede it.
    public let lines: Int
  }

  public let bytes: [UInt8]
  public let parts: [Part]

  /// Splits a text. A byte order mark of UTF-8 is skipped.
  /// - Throws: `YAMLProblem` for a text that is not UTF-8, has a NUL byte, exceeds 32 MiB, or has more than 200,000
  ///   documents.
  public init(_ bytes: [UInt8]) throws(YAMLProblem) {
    let start = Place(line: 1, column: 1)
    guard bytes.count <= YAMLStream.maximumBytes else {
      throw YAMLProblem(
        start, "it has \(bytes.count) bytes; the limit is \(YAMLStream.maximumBytes >> 20) MiB")
    }
    guard !bytes.starts(with: [0xff, 0xfe]), !bytes.starts(with: [0xfe, 0xff]) else {
      throw YAMLProblem(start, "the text is UTF-16", hint: "save the file as UTF-8")
    }
    if let nul = bytes.firstIndex(of: 0) {
      throw YAMLProblem(YAMLStream.place(of: nul, in: bytes), "a NUL byte: this is not text")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw YAMLProblem(
        YAMLStream.place(of: YAMLStream.firstBroken(bytes), in: bytes), "the text is not UTF-8",
        hint: "save the file as UTF-8")
    }
    self.bytes = bytes
    parts = YAMLStream.cut(bytes)
    guard parts.count <= YAMLStream.maximumDocuments else {
      throw YAMLProblem(start, "more than \(YAMLStream.maximumDocuments) documents")
    }
  }

  /// The text of one part.
  public func text(_ part: Part) -> String { String(decoding: bytes[part.range], as: UTF8.self) }

  private static func cut(_ bytes: [UInt8]) -> [Part] {
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    var (begin, beginLine) = (bytes.starts(with: mark) ? 3 : 0, 0)
    var (line, index, parts) = (0, begin, [Part]())
    bytes.withUnsafeBufferPointer { all in
      var hasDirectives = false
      while index < all.count {
        if all[index] == UInt8(ascii: "%") { hasDirectives = true }
        if index > begin, isMarker(all, index) {
          parts.append(Part(range: begin..<index, lines: beginLine))
          (begin, beginLine) = (index, line)
        }
        while index < all.count, all[index] != UInt8(ascii: "\n") { index += 1 }
        index += 1
        line += 1
      }
      parts.append(Part(range: begin..<all.count, lines: beginLine))
      // A directive belongs to the document after it, so the text is not split.
      if hasDirectives, let first = parts.first { parts = [Part(range: first.range.lowerBound..<all.count, lines: 0)] }
    }
    return parts
  }

  private static func isMarker(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    guard index + 3 <= bytes.count, (0..<3).allSatisfy({ bytes[index + $0] == UInt8(ascii: "-") }) else { return false }
    return index + 3 == bytes.count || bytes[index + 3] <= UInt8(ascii: " ")
  }

  private static func firstBroken(_ bytes: [UInt8]) -> Int {
    // Bisect for the longest valid prefix; the cut may go through a character, so up to three bytes less are tried.
    var (low, high) = (0, bytes.count)
    while low < high {
      let middle = (low + high + 1) / 2
      let isText = (0...min(3, middle)).contains { String(validating: bytes[..<(middle - $0)], as: UTF8.self) != nil }
      if isText { low = middle } else { high = middle - 1 }
    }
    return max(0, low - 3)
  }

  /// The line and column of a byte offset.
  public static func place(of offset: Int, in bytes: [UInt8]) -> Place {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") }
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return Place(line: line + 1, column: before[start...].count { $0 & 0xc0 != 0x80 } + 1)
  }
}
