/// Texts in base64: what a Secret of Kubernetes, a notebook's attachment and an encoded configuration hold.
enum EncodedText {
  /// Characters; a shorter one holds no secret that its plain form would not be found by.
  private static let shortest = 24
  private static let body: Alphabet = [.base64, .url]
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
    while index < range.upperBound {
      guard EncodedText.body.contains(text.bytes[index]) else {
        index += 16
        continue
      }
      let start = text.start(of: EncodedText.body, before: index)
      let run = Run(text, from: start, limit: text.count)
      index = max(run.end, index) + 1
      guard run.count >= shortest, let skipped = alignment(text, run) else { continue }
      body(start, run.decoded(text, skipping: skipped))
    }
  }

  /// How many characters before the encoded text, if it is one, belong to something else.
  private static func alignment(_ text: SearchText, _ run: Run) -> Int? {
    (0..<4).first { skipped in
      // The first line is as long as the probe, or the only one.
      let bytes = Base64Text.decode(text.bytes[run.parts[0]].dropFirst(skipped).prefix(probe))
      let printable = bytes.count { $0 >= 32 && $0 < 127 || $0 == 9 || $0 == 10 || $0 == 13 }
      let zeros = bytes.count { $0 == 0 }
      return printable >= bytes.count - 2 || zeros >= bytes.count / 2 - 2 && printable >= bytes.count / 2 - 2
    }
  }
}
