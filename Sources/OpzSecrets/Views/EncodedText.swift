/// Texts in base64: what a Secret of Kubernetes, a notebook's attachment and an encoded configuration hold.
enum EncodedText {
  /// Characters; a shorter one holds no secret that its plain form would not be found by.
  private static let shortest = 24
  private static var body: Alphabet { [.base64, .url] }
  /// Characters that decide whether it is a text that is encoded.
  private static let probe = 24

  /// A run of base64, over line ends.
  struct Run {
    private(set) var parts: [Range<Int>] = []
    private(set) var end: Int

    /// Shorter lines are not continued.
    private static let line = 48

    init(_ text: SearchText, from start: Int, limit: Int) {
      var index = start
      end = start
      while true {
        let next = text.end(of: EncodedText.body, from: index, limit: max(0, limit - index))
        guard next > index else { return }
        parts.append(index..<next)
        end = next
        guard next - index >= Run.line, let after = Run.nextLine(text, next) else { return }
        index = after
      }
    }

    private static func nextLine(_ text: SearchText, _ index: Int) -> Int? {
      var index = index
      let start = index
      // `\n` as JSON has it, then real ones with their indentation.
      while text.byte(index) == UInt8(ascii: "\\"), let letter = text.byte(index + 1), letter == 110 || letter == 114 {
        index += 2
      }
      while let byte = text.byte(index), byte == 10 || byte == 13 || byte == 32 || byte == 9 { index += 1 }
      return index > start && index - start <= 80 ? index : nil
    }

    var count: Int { parts.reduce(0) { $0 + $1.count } }

    func decoded(_ text: SearchText, skipping: Int = 0) -> [UInt8] {
      if parts.count == 1 { return Base64Text.decode(text.bytes[parts[0]].dropFirst(skipping)) }
      var all: [UInt8] = []
      all.reserveCapacity(count)
      for part in parts { all += text.bytes[part] }
      return Base64Text.decode(all[...].dropFirst(skipping))
    }
  }

  /// Calls `body` with what runs in a range decode to, where that is a text.
  static func forEach(in text: SearchText, _ range: Range<Int>, _ body: (_ start: Int, _ decoded: [UInt8]) -> Void) {
    var index = range.lowerBound
    let limit = min(range.upperBound, text.count)
    while let line = text.bytes.withUnsafeBufferPointer({ next(in: $0, from: index, before: limit) }) {
      let run = Run(text, from: line.lowerBound, limit: text.count)
      index = run.end + 1
      guard let skipped = text.bytes.withUnsafeBufferPointer({ alignment($0[line]) }) else { continue }
      body(line.lowerBound, run.decoded(text, skipping: skipped))
    }
  }

  /// The next line that is long enough to be judged; a run whose first line is shorter has no other.
  private static func next(in bytes: UnsafeBufferPointer<UInt8>, from index: Int, before limit: Int) -> Range<Int>? {
    var start = index
    // The line that the range begins in.
    while start > 0, start < limit, body.contains(bytes[start - 1]) { start -= 1 }
    while start < limit, start + shortest <= bytes.count {
      // From its end, so that most of a line that is too short is never looked at.
      var last = start + shortest - 1
      while last >= start, body.contains(bytes[last]) { last -= 1 }
      guard last < start else {
        start = last + 1
        continue
      }
      var end = start + shortest
      while end < bytes.count, body.contains(bytes[end]) { end += 1 }
      return start..<end
    }
    return nil
  }

  /// How many characters before the encoded text, if it is one, belong to something else.
  private static func alignment(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    (0..<4).first { skipped in
      var count = 0
      var printable = 0
      var zeros = 0
      Base64Text.decode(line.dropFirst(skipped).prefix(probe)) { byte in
        count += 1
        if byte >= 32 && byte < 127 || byte == 9 || byte == 10 || byte == 13 { printable += 1 }
        if byte == 0 { zeros += 1 }
      }
      return printable >= count - 2 || zeros >= count / 2 - 2 && printable >= count / 2 - 2
    }
  }
}
