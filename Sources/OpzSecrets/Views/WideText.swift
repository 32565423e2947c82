/// ASCII texts in UTF-16 of either byte order, with or without a byte order mark, as PowerShell and spreadsheets write.
enum WideText {
  /// The shortest run, in characters.
  private static let shortest = 12

  /// Calls `body` with the characters of each run in a range.
  static func forEach(in text: SearchText, _ range: Range<Int>, _ body: (_ start: Int, _ narrow: [UInt8]) -> Void) {
    let end = min(range.upperBound, text.count)
    var index = range.lowerBound
    while let run = text.bytes.withUnsafeBufferPointer({ next(in: $0, from: &index, before: end) }) {
      body(run.lowerBound, stride(from: run.lowerBound, to: run.upperBound, by: 2).map { text.bytes[$0] })
    }
  }

  /// The bytes of the next run that is long enough. Moves `index` behind it.
  private static func next(in bytes: UnsafeBufferPointer<UInt8>, from index: inout Int, before limit: Int) -> Range<
    Int
  >? {
    while index + 4 <= limit {
      // A run that is long enough has two characters here, the first at `index` or one byte later.
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

  /// Whether an ASCII character and a zero are at `index`. In big-endian text the zero belongs to the next character,
  /// which makes no difference.
  @inline(__always)
  private static func isCharacter(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    guard index + 1 < bytes.count, bytes[index + 1] == 0 else { return false }
    let byte = bytes[index]
    return byte >= 32 && byte < 127 || byte == 9 || byte == 10 || byte == 13
  }
}
