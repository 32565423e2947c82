/// Base64 texts, as in a Kubernetes Secret, an attachment of a notebook, or an encoded configuration.
enum EncodedText {
  /// The shortest run that is decoded, in characters. Other rules find shorter secrets in their encoded form.
  private static let shortest = 24
  private static var body: Alphabet { [.base64, .url] }
  /// How many characters are decoded to decide whether the run encodes a text.
  private static let probe = 24

  /// A run of base64, perhaps of several lines.
  struct Run {
    private(set) var parts: [Range<Int>] = []
    private(set) var end: Int

    /// The shortest line that is continued on the next one, in characters.
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
      // Line ends escaped as in JSON, then real ones with indentation.
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

  /// Calls `body` with the decoded bytes of each run in a range that encodes a text.
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

  /// The next line that is long enough to be decoded. A run whose first line is shorter has no second one.
  private static func next(in bytes: UnsafeBufferPointer<UInt8>, from index: Int, before limit: Int) -> Range<Int>? {
    var start = index
    // The range may begin within a line.
    while start > 0, start < limit, body.contains(bytes[start - 1]) { start -= 1 }
    while start < limit, start + shortest <= bytes.count {
      // Backwards, so that most characters of a line that is too short are skipped.
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

  /// How many characters of the line precede an encoded text; nil if it encodes none.
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

/// Base64 (RFC 4648) as in files: either alphabet, with or without padding, with line ends.
enum Base64Text {
  /// The bytes that a text stands for. Characters that are not of the alphabet are ignored.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var found: [UInt8] = []
    found.reserveCapacity(text.count / 4 * 3 + 3)
    decode(text) { found.append($0) }
    return found
  }

  /// Calls `body` with each byte that a text stands for.
  @inline(__always)
  static func decode(_ text: some Sequence<UInt8>, _ body: (UInt8) -> Void) {
    var bits: UInt32 = 0
    var count = 0
    for character in text {
      guard let value = value(of: character) else { continue }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        body(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
  }

  @inline(__always)
  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
