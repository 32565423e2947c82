/// The keys of one object so far, to detect duplicates.
struct KeySet {
  /// The keys while they are few and plain: scanning them is faster than a set.
  private var plain: [Range<Int>] = []
  /// Canonically equivalent texts are equal in Swift and different elsewhere; Swift's equality decides here.
  private var texts: Set<String> = []

  private static let few = 24

  var count: Int { texts.isEmpty ? plain.count : texts.count }

  /// - Returns: false when the key is a duplicate.
  mutating func insert(_ key: JSONTokenizer.Text, of tokens: JSONTokenizer) -> Bool {
    if texts.isEmpty {
      if key.isPlain, plain.count < KeySet.few {
        for other in plain where KeySet.isSame(tokens.bytes, key.range, other: other) { return false }
        plain.append(key.range)
        return true
      }
      for range in plain { texts.insert(String(decoding: tokens.bytes[range], as: UTF8.self)) }
    }
    return texts.insert(tokens.string(key)).inserted
  }

  @inline(__always)
  static func isSame(_ bytes: UnsafeBufferPointer<UInt8>, _ one: Range<Int>, other: Range<Int>) -> Bool {
    guard one.count == other.count else { return false }
    for offset in 0..<one.count where bytes[one.lowerBound + offset] != bytes[other.lowerBound + offset] {
      return false
    }
    return true
  }
}
