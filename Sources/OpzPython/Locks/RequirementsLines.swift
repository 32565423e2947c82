/// The logical lines of a requirements file, with their numbers: continuations are joined, comments removed.
struct RequirementsLines: Sequence {
  struct Line {
    /// The number of its first physical line, from 1.
    let number: Int
    let text: String
  }

  private var lines: [Line] = []

  init(_ text: String) {
    var pending: (number: Int, text: String)?
    func close(_ number: Int, _ text: String) -> Line? {
      let text = RequirementsLines.withoutComment(text)
      return text.isEmpty ? nil : Line(number: number, text: text)
    }
    let bare = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    for (index, raw) in bare.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let isComment = raw.drop { $0 == " " || $0 == "\t" }.first == "#"
      let number = pending?.number ?? index + 1
      // A comment ends a continued line and is not part of it.
      let joined = (pending?.text ?? "") + (isComment ? " " : "") + raw
      if raw.hasSuffix("\\"), !isComment {
        pending = (number, String(joined.dropLast()))
      } else {
        pending = nil
        if let line = close(number, joined) { lines.append(line) }
      }
    }
    if let pending, let line = close(pending.number, pending.text) { lines.append(line) }
  }

  func makeIterator() -> some IteratorProtocol<Line> { lines.makeIterator() }

  /// A comment starts with a # at the start of the line or after whitespace.
  private static func withoutComment(_ line: String) -> String {
    var kept: [UInt8] = []
    for byte in line.utf8 {
      let isBlank = kept.last.map { $0 == 32 || $0 == 9 } ?? true
      if byte == UInt8(ascii: "#"), isBlank { break }
      kept.append(byte)
    }
    return words(String(decoding: kept, as: UTF8.self)).isEmpty
      ? "" : String(decoding: kept, as: UTF8.self).trimmed
  }

  static func words(_ line: String) -> [String] { line.split { $0 == " " || $0 == "\t" }.map(String.init) }
}

extension String {
  fileprivate var trimmed: String {
    let start = drop { $0 == " " || $0 == "\t" }
    guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(start[...end])
  }
}
