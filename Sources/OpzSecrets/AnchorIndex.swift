/// Finds the places of all rules' anchors in one pass (Wu and Manber 1994, blocks of two bytes, without case).
struct AnchorIndex: Sendable {
  /// How far one can go on from a pair of bytes: 0 where the pair ends the first three bytes of an anchor.
  private let shifts: [UInt8]
  /// By the hash of the first three bytes, in small letters: which rules' anchors begin so.
  private let buckets: [[Entry]]

  private struct Entry: Sendable {
    let anchor: [UInt8]
    let rule: Int
  }

  static let shared = AnchorIndex(SecretRules.all)

  init(_ rules: [any SecretRule]) {
    var shifts = [UInt8](repeating: 2, count: 1 << 16)
    var buckets = [[Entry]](repeating: [], count: 1 << 12)
    for (number, rule) in rules.enumerated() {
      for text in rule.anchors {
        let anchor = text.map(SearchText.lowered)
        precondition(anchor.count >= 3, "an anchor is at least three bytes: \(text)")
        buckets[AnchorIndex.hash(anchor[0], anchor[1], anchor[2])].append(Entry(anchor: anchor, rule: number))
        for (first, second, shift) in [(anchor[0], anchor[1], UInt8(1)), (anchor[1], anchor[2], 0)] {
          for one in AnchorIndex.cases(first) {
            for other in AnchorIndex.cases(second) {
              let pair = Int(one) << 8 | Int(other)
              shifts[pair] = min(shifts[pair], shift)
            }
          }
        }
      }
    }
    self.shifts = shifts
    self.buckets = buckets
  }

  private static func cases(_ byte: UInt8) -> [UInt8] {
    byte >= 97 && byte <= 122 ? [byte, byte & ~32] : [byte]
  }

  @inline(__always)
  private static func hash(_ one: UInt8, _ two: UInt8, _ three: UInt8) -> Int {
    (Int(one) &* 0x9E5 ^ Int(two) &* 0x1F1 ^ Int(three) &* 0x3D) & 0xFFF
  }

  /// Calls `body` with the index of each anchor that begins in a range, and with its rule's number.
  func forEachAnchor(in text: [UInt8], _ range: Range<Int>, _ body: (_ index: Int, _ rule: Int) -> Void) {
    text.withUnsafeBufferPointer { text in
      shifts.withUnsafeBufferPointer { shifts in
        // The pair that is looked at is the second and third byte of the anchor.
        var index = range.lowerBound + 2
        let end = min(text.count, range.upperBound + 2)
        while index < end {
          let shift = shifts[Int(text[index - 1]) << 8 | Int(text[index])]
          if shift != 0 {
            index += Int(shift)
            continue
          }
          let start = index - 2
          index += 1
          let bucket = buckets[
            AnchorIndex.hash(
              SearchText.lowered(text[start]), SearchText.lowered(text[start + 1]), SearchText.lowered(text[start + 2]))
          ]
          for entry in bucket where AnchorIndex.isThere(entry.anchor, text, start) { body(start, entry.rule) }
        }
      }
    }
  }

  private static func isThere(_ anchor: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    guard start + anchor.count <= text.count else { return false }
    for offset in anchor.indices where SearchText.lowered(text[start + offset]) != anchor[offset] { return false }
    return true
  }
}
