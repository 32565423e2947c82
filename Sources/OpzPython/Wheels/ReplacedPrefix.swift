import OpzIO

/// A file whose first bytes are replaced.
struct ReplacedPrefix: Blob {
  let start: [UInt8]
  let content: any Blob
  /// How many bytes of the content are replaced, at most its size.
  let replaced: UInt64

  var size: UInt64 { UInt64(start.count) + (content.size - replaced) }

  func open(at offset: UInt64) throws -> any ByteSource {
    let skipped = min(offset, UInt64(start.count))
    let rest = try content.open(at: replaced + (min(offset, size) - skipped))
    return ReplacedPrefixSource(start.dropFirst(Int(skipped)), rest)
  }
}

private final class ReplacedPrefixSource: ByteSource {
  private var start: ArraySlice<UInt8>
  private let rest: any ByteSource

  init(_ start: ArraySlice<UInt8>, _ rest: any ByteSource) {
    self.start = start
    self.rest = rest
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if start.isEmpty { return try rest.read(into: buffer) }
    let count = min(buffer.count, start.count)
    buffer.copyBytes(from: start.prefix(count))
    start = start.dropFirst(count)
    return count
  }
}
