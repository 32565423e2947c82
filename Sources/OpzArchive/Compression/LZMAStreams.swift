import OpzIO

/// The streams of a file in the legacy LZMA format, which may follow each other, and xz's among them: Python's `lzma` reads them as one.
///
/// Source: liblzma's alone_decoder.c and auto_decoder.c; the format has no specification but lzma-file-format.txt of XZ Utils.
enum LZMAStreams {
  /// The header, and the first five bytes of the range coder, of which the first is 0.
  static let headSize = 18

  /// More than anybody writes into a file.
  static let most = 1_000

  /// The size of the largest dictionary that is allocated. What was packed with a larger one can be unpacked as far as it looks back no further.
  private static let largestDictionary: UInt32 = 1 << 29

  /// Whether a header can be one: properties, the dictionary's size of 2^n or 2^n + 2^(n-1) bytes or the largest, the content's size or -1.
  static func isHeader(_ head: ArraySlice<UInt8>) -> Bool {
    guard head.count >= headSize, head[head.startIndex] < 225, head[head.startIndex + 13] == 0 else { return false }
    let size = size(head)
    guard size == .max || size < 1 << 38 else { return false }
    let dictionary = dictionary(head)
    let bits = dictionary.nonzeroBitCount
    return bits <= 1 || (bits == 2 && dictionary & (dictionary >> 1) != 0) || dictionary == .max
  }

  /// Of the content; the largest number where it is not known.
  static func size(_ head: ArraySlice<UInt8>) -> UInt64 {
    head.dropFirst(5).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func dictionary(_ head: ArraySlice<UInt8>) -> UInt32 {
    head.dropFirst().prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// A stream without content.
  static func isEmpty(_ head: ArraySlice<UInt8>) -> Bool {
    isHeader(head) && size(head) == 0 && head.dropFirst(13).prefix(5).allSatisfy { $0 == 0 }
  }

  /// Makes the dictionary of a header one that is allocated.
  static func limitDictionary(_ head: UnsafeMutableRawBufferPointer) {
    guard head.count >= 5, dictionary(Array(head.prefix(5))[...]) > largestDictionary else { return }
    for (index, byte) in ([0, 0, 0, 0x20] as [UInt8]).enumerated() { head[1 + index] = byte }
  }

  /// The stream that begins at an offset, after the empty ones there.
  /// - Returns: nil where none begins, as at the end.
  static func next(in blob: any Blob, from offset: UInt64) throws -> StreamFormat.Candidate? {
    guard offset < blob.size else { return nil }
    let source = try blob.open(at: offset)
    var place = offset
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
      bytes += buffer[..<count]
      var rest = bytes[...]
      while isEmpty(rest) {
        rest = rest.dropFirst(headSize)
        place += UInt64(headSize)
      }
      guard count == 0 || rest.count >= 32 else {
        bytes = Array(rest)
        continue
      }
      let found = StreamFormat.candidates(Array(rest.prefix(32))).first { [.lzma, .xz].contains($0.format) }
      return found.map { StreamFormat.Candidate(format: $0.format, offset: place, isCertain: $0.isCertain) }
    }
  }
}
