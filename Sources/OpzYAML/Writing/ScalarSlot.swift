/// A scalar's place in the bytes of a text, so that it can be written anew while all else stays as it is.
public struct ScalarSlot: Sendable {
  /// Without the quotes.
  public let range: Range<Int>
  public let text: String
  /// Nothing stands there: `digest:` at a line's end.
  private let isMissing: Bool

  /// Nil where the scalar is not simply written: escapes, several lines, a block.
  /// - Parameter index: where the node's place is in `bytes`.
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

  /// The new bytes, in the quotes that are there.
  public func edit(_ text: String) -> TextEdit {
    let needsSpace = isMissing
    return TextEdit(range: range, text: needsSpace ? " " + text : text)
  }

  /// Anchors and tags stand before the value.
  private static func pastProperties(_ bytes: [UInt8], _ start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] == UInt8(ascii: "&") || bytes[index] == UInt8(ascii: "!") {
      while index < bytes.count, bytes[index] > UInt8(ascii: " ") { index += 1 }
      while index < bytes.count, bytes[index] == UInt8(ascii: " ") { index += 1 }
    }
    return index
  }
}
