/// Finds where the anchors of all rules begin, in one pass (Wu and Manber 1994, blocks of two bytes).
///
/// It searches for three bytes of each anchor, the window. It chooses rare ones: `er` of `heroku` is in every second
/// word of a program, `oku` in hardly any.
struct AnchorIndex: Sendable {
  /// By two bytes, how far the search may skip: 0 if they can be the second and third byte of a window.
  private let shifts: [UInt8]
  /// By the `fold` of three bytes, the first of `entries` whose window they may be; the next element is where these end.
  private let buckets: [UInt16]
  private let entries: [Entry]
  /// All anchors, concatenated; those of rules that ignore case are in lower case.
  private let anchors: [UInt8]
  /// The longest distance from the start of an anchor to its window, in bytes.
  private let reach: Int

  private struct Entry: Sendable {
    /// The index in `anchors`.
    let start: UInt32
    let count: UInt16
    let rule: UInt16
    /// The distance from the start of the anchor to its window.
    let window: UInt8
    let ignoresCase: Bool
  }

  private struct Anchor {
    let bytes: [UInt8]
    let rule: Int
    let ignoresCase: Bool
  }

  static let shared = AnchorIndex(SecretRules.all)

  init(_ rules: [any SecretRule]) {
    let all = rules.enumerated().flatMap { number, rule in
      rule.anchors.map { text in
        precondition(text.count >= 3, "an anchor has at least three bytes: \(text)")
        return Anchor(
          bytes: rule.ignoresCase ? text.map(SearchText.lowered) : text, rule: number, ignoresCase: rule.ignoresCase)
      }
    }
    var table = ShiftTable()
    var anchors: [UInt8] = []
    var unsorted: [(bucket: Int, entry: Entry)] = []
    // Short anchors first: they have little choice, and longer ones can share their pairs.
    for anchor in all.sorted(by: { $0.bytes.count < $1.bytes.count }) {
      let window = table.addCheapestWindow(of: anchor.bytes, ignoresCase: anchor.ignoresCase)
      let entry = Entry(
        start: UInt32(anchors.count), count: UInt16(anchor.bytes.count), rule: UInt16(anchor.rule),
        window: UInt8(window), ignoresCase: anchor.ignoresCase)
      let bytes = anchor.bytes[window...]
      unsorted.append((AnchorIndex.fold(bytes[window], bytes[window + 1], three: bytes[window + 2]), entry))
      anchors += anchor.bytes
    }
    unsorted.sort { ($0.bucket, $0.entry.start) < ($1.bucket, $1.entry.start) }
    var buckets = [UInt16](repeating: 0, count: 1 << 15 + 1)
    for (bucket, _) in unsorted { buckets[bucket + 1] += 1 }
    for bucket in 1..<buckets.count { buckets[bucket] += buckets[bucket - 1] }
    self.shifts = table.shifts
    self.buckets = buckets
    self.entries = unsorted.map(\.entry)
    self.anchors = anchors
    self.reach = unsorted.map { Int($0.entry.window) }.max() ?? 0
  }

  /// Five bits of each byte, which are the same in both cases of a letter.
  @inline(__always)
  private static func fold(_ one: UInt8, _ two: UInt8, three: UInt8) -> Int {
    Int(one & 31) << 10 | Int(two & 31) << 5 | Int(three & 31)
  }

  /// Calls `body` with the index of each anchor that begins in a range, and with its rule's number, in the order of
  /// their windows.
  func forEachAnchor(in text: [UInt8], _ range: Range<Int>, _ body: (_ index: Int, _ rule: Int) -> Void) {
    text.withUnsafeBufferPointer { text in
      shifts.withUnsafeBufferPointer { shifts in
        // The index of the last byte of a window.
        var index = range.lowerBound + 2
        let end = min(text.count, range.upperBound + reach + 2)
        while index < end {
          let shift = shifts[Int(text[index - 1]) << 8 | Int(text[index])]
          if shift != 0 {
            index &+= Int(shift)
            continue
          }
          forEachEntry(of: text, window: index - 2) { start, rule in
            if range.contains(start) { body(start, rule) }
          }
          index &+= 1
        }
      }
    }
  }

  @inline(__always)
  private func forEachEntry(
    of text: UnsafeBufferPointer<UInt8>, window: Int, _ body: (_ start: Int, _ rule: Int) -> Void
  ) {
    let bucket = AnchorIndex.fold(text[window], text[window + 1], three: text[window + 2])
    for number in Int(buckets[bucket])..<Int(buckets[bucket + 1]) {
      let entry = entries[number]
      let start = window - Int(entry.window)
      if isAnchor(entry, text, start: start) { body(start, Int(entry.rule)) }
    }
  }

  @inline(__always)
  private func isAnchor(_ entry: Entry, _ text: UnsafeBufferPointer<UInt8>, start: Int) -> Bool {
    guard start >= 0, start + Int(entry.count) <= text.count else { return false }
    for offset in 0..<Int(entry.count) {
      let byte = text[start + offset]
      let own = anchors[Int(entry.start) + offset]
      if byte != own, !entry.ignoresCase || SearchText.lowered(byte) != own { return false }
    }
    return true
  }
}

/// By two bytes, how far the search for windows may skip.
private struct ShiftTable {
  private(set) var shifts = [UInt8](repeating: 2, count: 1 << 16)

  /// Adds the window of an anchor that stops the search least often.
  ///
  /// - Returns: its index in the anchor.
  mutating func addCheapestWindow(of anchor: [UInt8], ignoresCase: Bool) -> Int {
    let places = 0...min(anchor.count - 3, 200)
    let best = places.min { cost(of: anchor, $0, ignoresCase) < cost(of: anchor, $1, ignoresCase) } ?? 0
    for (place, shift) in [(best, UInt8(1)), (best + 1, 0)] {
      for pair in ShiftTable.pairs(anchor[place], anchor[place + 1], ignoresCase: ignoresCase) {
        shifts[pair] = min(shifts[pair], shift)
      }
    }
    return best
  }

  private func cost(of anchor: [UInt8], _ place: Int, _ ignoresCase: Bool) -> Int {
    let slows = pairCost(anchor[place], anchor[place + 1], ignoresCase: ignoresCase, shift: 1)
    return slows + 3 * pairCost(anchor[place + 1], anchor[place + 2], ignoresCase: ignoresCase, shift: 0)
  }

  /// 0 for a pair that already stops the search, else how often it occurs.
  private func pairCost(_ first: UInt8, _ second: UInt8, ignoresCase: Bool, shift: UInt8) -> Int {
    if shifts[Int(first) << 8 | Int(second)] <= shift { return 0 }
    guard Alphabet.letters.contains(first), Alphabet.letters.contains(second) else {
      // Rows of dashes and of spaces; names with digits and underscores.
      return first == second ? 64 : Alphabet.letters.contains(first) || Alphabet.letters.contains(second) ? 24 : 16
    }
    let isLower = ignoresCase || Alphabet.lower.contains(first) && Alphabet.lower.contains(second)
    return LetterPairs.frequency(first, second) / (isLower ? 1 : 16)
  }

  private static func pairs(_ first: UInt8, _ second: UInt8, ignoresCase: Bool) -> [Int] {
    func cases(_ byte: UInt8) -> [UInt8] {
      ignoresCase && Alphabet.lower.contains(byte) ? [byte, byte & ~32] : [byte]
    }
    return cases(first).flatMap { one in cases(second).map { Int(one) << 8 | Int($0) } }
  }
}
