/// The keys that an object has had, to find one that comes twice.
struct KeySet {
  /// Looked through from start to end while they are few and plain: faster than a set.
  private var plain: [Range<Int>] = []
  /// Texts that are equivalent are one key for Swift and two for others, so Swift's equality decides here.
  private var texts: Set<String> = []

  private static let few = 24

  var count: Int { texts.isEmpty ? plain.count : texts.count }

  /// - Returns: false where the key has come before.
  mutating func insert(_ key: JSONTokenizer.Text, of tokens: JSONTokenizer) -> Bool {
    if texts.isEmpty {
      if key.isPlain, plain.count < KeySet.few {
        for other in plain where KeySet.isSame(tokens.bytes, key.range, other) { return false }
        plain.append(key.range)
        return true
      }
      for range in plain { texts.insert(String(decoding: tokens.bytes[range], as: UTF8.self)) }
    }
    return texts.insert(tokens.string(key)).inserted
  }

  @inline(__always)
  static func isSame(_ bytes: UnsafeBufferPointer<UInt8>, _ one: Range<Int>, _ other: Range<Int>) -> Bool {
    guard one.count == other.count else { return false }
    for offset in 0..<one.count where bytes[one.lowerBound + offset] != bytes[other.lowerBound + offset] {
      return false
    }
    return true
  }
}
