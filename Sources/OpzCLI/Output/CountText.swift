/// Formats counts with nouns.
enum CountText {
  /// `1 blob`, `2 blobs`.
  static func count(_ number: Int, _ word: String) -> String { number == 1 ? "1 \(word)" : "\(number) \(word)s" }
}
