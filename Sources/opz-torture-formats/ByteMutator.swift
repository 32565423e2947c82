import OpzTestKit

/// Changes bytes at random, whatever they mean.
struct ByteMutator {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next()) }

  mutating func below(_ count: Int) -> Int { count > 1 ? Int(random.next() % UInt64(count)) : 0 }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

  /// A number that is apt to overflow: a power of two, next to one, or its negative.
  mutating func extreme() -> UInt64 {
    let power: UInt64 = 1 << UInt64(pick([0, 7, 8, 15, 16, 24, 31, 32, 40, 52, 53, 62, 63]))
    return pick([power, power &- 1, power &+ 1, 0 &- power, UInt64.max, 0])
  }

  /// Where a change begins: anywhere, or near the beginning or the end, where headers stand.
  private mutating func place(_ count: Int) -> Int {
    switch below(4) {
    case 0: below(min(count, 64))
    case 1: count - 1 - below(min(count, 64))
    default: below(count)
    }
  }

  /// Makes one change. `other` is another file of the format, for parts of it.
  mutating func change(_ bytes: inout [UInt8], other: [UInt8]) {
    guard !bytes.isEmpty else { return bytes = Array(other.prefix(below(40))) }
    let start = place(bytes.count)
    let end = min(bytes.count, start + 1 + below(pick([4, 64, 1 << 20])))
    switch below(11) {
    case 0: bytes[start] = byte()
    case 1: bytes[start] ^= 1 << UInt8(below(8))
    case 2: bytes[start] &+= pick([1, 255, 16, 128])
    case 3: bytes.removeSubrange(start..<end)
    case 4: bytes.insert(contentsOf: bytes[start..<end], at: place(bytes.count))
    case 5: bytes.removeSubrange(start...)
    case 6, 7: overwrite(&bytes, start)
    case 8: bytes.insert(contentsOf: random.bytes(1 + below(16)), at: start)
    case 9:
      let from = below(other.count)
      bytes.replaceSubrange(start..<end, with: other[from..<min(other.count, from + end - start)])
    default:
      let run = Array(bytes[start..<min(end, start + 4)])
      bytes.insert(contentsOf: repeatElement(run, count: pick([2, 200, 6000])).joined(), at: start)
    }
  }

  /// Puts a number of one to eight bytes in either order over what stands there.
  private mutating func overwrite(_ bytes: inout [UInt8], _ start: Int) {
    let width = min(pick([1, 2, 4, 8]), bytes.count - start)
    let number = extreme()
    let isBig = below(2) == 0
    for index in 0..<width {
      let shift = UInt64(8 * (isBig ? width - 1 - index : index))
      bytes[start + index] = UInt8(truncatingIfNeeded: number >> shift)
    }
  }
}
