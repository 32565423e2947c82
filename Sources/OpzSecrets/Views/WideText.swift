/// Texts of ASCII in UTF-16, in either byte order, with and without a mark: what PowerShell and spreadsheets write.
enum WideText {
  /// Characters.
  private static let shortest = 12

  /// Calls `body` with the characters of runs in a range.
  static func forEach(in text: SearchText, _ range: Range<Int>, _ body: (_ start: Int, _ narrow: [UInt8]) -> Void) {
    let bytes = text.bytes
    var index = range.lowerBound
    while index + 4 <= min(range.upperBound, bytes.count) {
      // The first character of a pair is at `index` or after it.
      guard let shift = [0, 1].first(where: { isCharacter(bytes, index + $0) && isCharacter(bytes, index + $0 + 2) })
      else {
        index += 12
        continue
      }
      var start = index + shift
      while start >= 2, isCharacter(bytes, start - 2) { start -= 2 }
      var end = start
      var narrow: [UInt8] = []
      while isCharacter(bytes, end) {
        narrow.append(bytes[end])
        end += 2
      }
      if narrow.count >= shortest { body(start, narrow) }
      index = max(end, index) + 1
    }
  }

  /// An ASCII character with a zero after it. In big-endian text that is the zero of the next character, which serves as well.
  @inline(__always)
  private static func isCharacter(_ bytes: [UInt8], _ index: Int) -> Bool {
    guard index + 1 < bytes.count, bytes[index + 1] == 0 else { return false }
    let byte = bytes[index]
    return byte >= 32 && byte < 127 || byte == 9 || byte == 10 || byte == 13
  }
}
