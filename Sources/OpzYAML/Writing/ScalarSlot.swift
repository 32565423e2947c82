/// The location of a scalar in the bytes of a text, so that it can be replaced while all else stays unchanged.
public struct ScalarSlot: Sendable {
  /// The byte range, without quotes.
  public let range: Range<Int>
  public let text: String
  /// Whether the value is empty, as in `digest:` at the end of a line.
  private let isMissing: Bool

  /// Locates a scalar; nil for one with escapes, with several lines, or in a block.
  /// - Parameters:
  ///   - node: the scalar's node.
  ///   - bytes: the text.
  ///   - index: the offset of the node's place in `bytes`.
  public init?(_ node: YAMLNode, in bytes: [UInt8], at index: Int) {
    guard case .scalar(let text, let isPlain) = node.content else { return nil }
    var index = index
    self.text = text
    let wanted = Array(text.utf8)
    if isPlain, wanted.isEmpty {
      guard index <= bytes.count, index > 0 else { return nil }
      (range, isMissing) = (index..<index, true)
      return
    }
    index = ScalarSlot.pastProperties(bytes, index)
    guard index < bytes.count else { return nil }
    let quote = bytes[index]
    let isQuoted = quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
    let start = isQuoted ? index + 1 : index
    let end = start + wanted.count
    guard end <= bytes.count, bytes[start..<end].elementsEqual(wanted), isQuoted == !isPlain || !isQuoted else {
      return nil
    }
    if isQuoted { guard end < bytes.count, bytes[end] == quote else { return nil } }
    (range, isMissing) = (start..<end, false)
  }

  /// Makes the edit that replaces the value, keeping its quotes. The new text is inserted as it is.
  public func edit(_ text: String) -> TextEdit {
    let needsSpace = isMissing
    return TextEdit(range: range, text: needsSpace ? " " + text : text)
  }

  /// Skips anchors and tags, which precede the value.
  private static func pastProperties(_ bytes: [UInt8], _ start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] == UInt8(ascii: "&") || bytes[index] == UInt8(ascii: "!") {
      while index < bytes.count, bytes[index] > UInt8(ascii: " ") { index += 1 }
      while index < bytes.count, bytes[index] == UInt8(ascii: " ") { index += 1 }
    }
    return index
  }
}
