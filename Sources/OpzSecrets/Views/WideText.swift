/// Texts of ASCII in UTF-16, in either byte order, with and without a mark: what PowerShell and spreadsheets write.
enum WideText {
  /// Characters.
  private static let shortest = 12

  /// Calls `body` with the characters of runs in a range.
  static func forEach(in text: SearchText, _ range: Range<Int>, _ body: (_ start: Int, _ narrow: [UInt8]) -> Void) {
    let end = min(range.upperBound, text.count)
    var index = range.lowerBound
    while let run = text.bytes.withUnsafeBufferPointer({ next(in: $0, from: &index, before: end) }) {
      body(run.lowerBound, stride(from: run.lowerBound, to: run.upperBound, by: 2).map { text.bytes[$0] })
    }
  }

  /// The bytes of the next run that has enough characters; `index` is after it then.
  private static func next(in bytes: UnsafeBufferPointer<UInt8>, from index: inout Int, before limit: Int) -> Range<
    Int
  >? {
    while index + 4 <= limit {
      // A run that is long enough has a pair of characters here: the first is at `index` or after it.
      guard let first = firstOfPair(bytes, index) else {
        index += 12
        continue
      }
      var start = first
      while start >= 2, isCharacter(bytes, start - 2) { start -= 2 }
      var end = first
      while isCharacter(bytes, end) { end += 2 }
      index = max(end, index) + 1
      if end - start >= 2 * shortest { return start..<end }
    }
    return nil
  }

  @inline(__always)
  private static func firstOfPair(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
    if isCharacter(bytes, index), isCharacter(bytes, index + 2) { return index }
    if isCharacter(bytes, index + 1), isCharacter(bytes, index + 3) { return index + 1 }
    return nil
  }

  /// Whether there is an ASCII character with a zero after it. In big-endian text that is the zero of the next
  /// character, which serves as well.
  @inline(__always)
  private static func isCharacter(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    guard index + 1 < bytes.count, bytes[index + 1] == 0 else { return false }
    let byte = bytes[index]
    return byte >= 32 && byte < 127 || byte == 9 || byte == 10 || byte == 13
  }
}
