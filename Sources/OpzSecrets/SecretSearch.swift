public import OpzIO

/// Searches a stream of bytes of any size and content for keys, tokens and passwords, in one pass and bounded memory.
///
/// Also searches texts in UTF-16 and base64, nested up to three deep.
///
///     var search = SecretSearch()
///     try blob.forEachChunk { search.take($0) }
///     let matches = search.finish()
public struct SecretSearch: Sendable {
  private var buffer: [UInt8] = []
  /// The offset of the buffer's first byte in the stream.
  private var base: UInt64 = 0
  /// The number of bytes at the start of the buffer that were searched.
  private var searched = 0
  private var found = SecretCollection()

  /// The number of bytes that are searched at once.
  private static let window = 1 << 20
  /// The number of bytes before a match that rules see.
  private static let before = 4096
  /// The number of bytes after a match that rules see. A longer secret is found by its beginning.
  private static let after = 16_384
  private static let depthLimit = 3

  /// Creates a search at offset 0.
  public init() {}

  /// Searches the next bytes of the stream. They are copied, and pieces may be of any size.
  public mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(SecretSearch.window)
      buffer.append(contentsOf: piece)
      rest = rest.dropFirst(piece.count)
      if buffer.count - searched >= SecretSearch.window + SecretSearch.after {
        advance(to: buffer.count - SecretSearch.after)
      }
    }
  }

  /// Searches the next bytes of the stream, as `take(_:)` of a buffer does.
  public mutating func take(_ bytes: [UInt8]) { bytes.withUnsafeBytes { take($0) } }

  /// Searches the rest of the stream, and resets the search.
  /// - Returns: the secrets in order, each once.
  public mutating func finish() -> [SecretMatch] {
    advance(to: buffer.count)
    defer { self = SecretSearch() }
    return found.matches
  }

  /// Returns all secrets in a blob. It blocks.
  public static func matches(in blob: any Blob) throws -> [SecretMatch] {
    var search = SecretSearch()
    try blob.forEachChunk { search.take($0) }
    return search.finish()
  }

  /// Whether a variable, key or option with this name holds a secret, in any of the usual spellings: `DB_PASSWORD`,
  /// `clientSecret`. False for the tokens of language models (`PAD_TOKEN`) and for what is public.
  public static func isSecretName(_ name: String) -> Bool { SecretName.kind(Array(name.utf8)[...]) != nil }

  private mutating func advance(to end: Int) {
    let base = base
    SecretSearch.search(SearchText(buffer), searched..<end, depth: 0, found: &found) { base + UInt64($0) }
    let kept = max(0, end - SecretSearch.before)
    buffer.removeFirst(kept)
    self.base += UInt64(kept)
    searched = end - kept
  }

  /// - Parameter place: returns the offset in the stream of an index in `text`.
  private static func search(
    _ text: SearchText, _ range: Range<Int>, depth: Int, found: inout SecretCollection, at place: (Int) -> UInt64
  ) {
    let rules = SecretRules.all
    AnchorIndex.shared.forEachAnchor(in: text.bytes, range) { index, rule in
      guard let finding = rules[rule].find(in: text, at: index) else { return }
      found.add(finding, in: text, from: place(finding.range.lowerBound), to: place(finding.range.upperBound))
    }
    guard depth < depthLimit else { return }
    WideText.forEach(in: text, range) { start, narrow in
      search(SearchText(narrow), 0..<narrow.count, depth: depth + 1, found: &found) { place(start + 2 * $0) }
    }
    EncodedText.forEach(in: text, range) { start, decoded in
      search(SearchText(decoded), 0..<decoded.count, depth: depth + 1, found: &found) { place(start + $0 / 3 * 4) }
    }
  }
}

/// The findings of a stream, each secret once.
struct SecretCollection: Sendable {
  private struct Entry: Sendable {
    let start: UInt64
    let end: UInt64
    let finding: SecretFinding
  }

  private struct Key: Hashable {
    let what: String
    let value: [UInt8]
  }

  private var entries: [Entry] = []
  private var seen: Set<Key> = []
  private var counts = [0, 0]

  /// At most this many certain matches of a file are reported, and as many doubtful ones.
  private static let limit = 50

  mutating func add(_ finding: SecretFinding, in text: SearchText, from start: UInt64, to end: UInt64) {
    let kind = finding.doubt == nil ? 0 : 1
    guard counts[kind] < SecretCollection.limit else { return }
    let value = Array(text.bytes[finding.range.clamped(to: text.bytes.indices)].prefix(256))
    guard seen.insert(Key(what: finding.what, value: value)).inserted else { return }
    counts[kind] += 1
    entries.append(Entry(start: start, end: end, finding: finding))
  }

  /// Where two rules found one secret, the more specific one counts.
  var matches: [SecretMatch] {
    entries.filter { entry in
      !entries.contains {
        $0.finding.rank > entry.finding.rank && $0.start < entry.end && entry.start < $0.end
      }
    }
    .sorted { $0.start < $1.start }
    .map { SecretMatch(offset: $0.start, what: $0.finding.what, doubt: $0.finding.doubt) }
  }
}
