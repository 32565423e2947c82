/// Bytes of a text, and what takes their place.
public struct TextEdit: Sendable, Hashable {
  public let range: Range<Int>
  public let text: String

  /// All edits in one pass. Ranges that are there twice, because two aliases mean one scalar, are edited once.
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
