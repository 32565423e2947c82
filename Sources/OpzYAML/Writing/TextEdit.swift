/// A byte range of a text, and the text that replaces it.
public struct TextEdit: Sendable, Hashable {
  public let range: Range<Int>
  public let text: String

  /// Applies all edits in one pass. An edit that overlaps an earlier one is skipped: two aliases of one scalar give
  /// the same range twice.
  public static func apply(_ edits: [TextEdit], to bytes: [UInt8]) -> [UInt8] {
    var (output, index) = ([UInt8](), 0)
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      guard edit.range.lowerBound >= index, edit.range.upperBound <= bytes.count else { continue }
      output += bytes[index..<edit.range.lowerBound]
      output += Array(edit.text.utf8)
      index = edit.range.upperBound
    }
    return output + bytes[index...]
  }
}
