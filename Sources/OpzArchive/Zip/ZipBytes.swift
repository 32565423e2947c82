import OpzIO

/// Random access to the bytes of a zip file, with a window of them in memory. Not shared between threads.
final class ZipBytes {
  let name: String
  let size: UInt64
  private let blob: any Blob
  private let window: Int
  private var held: [UInt8] = []
  private var start: UInt64 = 0

  /// - Parameter window: the fewest bytes to read at once.
  init(_ blob: any Blob, name: String, window: Int) {
    self.blob = blob
    self.name = name
    self.window = window
    size = blob.size
  }

  /// Returns exactly `count` bytes.
  /// - Throws: `ArchiveError` when the file ends before.
  func bytes(at offset: UInt64, _ count: Int) throws -> ArraySlice<UInt8> {
    guard offset <= size, UInt64(count) <= size - offset else {
      throw malformed("a record at byte \(offset) extends beyond the file's end at \(size)")
    }
    if offset < start || offset - start > UInt64(held.count) || held.count - Int(offset - start) < count {
      try fill(offset, max(count, window))
    }
    let first = Int(offset - start)
    guard held.count - first >= count else {
      throw ArchiveError(
        .changed, name, reason: "the file shrank while it was read: \(start + UInt64(held.count)) of \(size) bytes")
    }
    return held[first..<(first + count)]
  }

  func malformed(_ reason: String) -> ArchiveError { ArchiveError(.malformed, name, reason: reason) }

  private func fill(_ offset: UInt64, _ wanted: Int) throws {
    let source = try blob.open(at: offset)
    start = offset
    held = try [UInt8](unsafeUninitializedCapacity: wanted) { space, used in
      let space = UnsafeMutableRawBufferPointer(space)
      used = 0
      while used < wanted {
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: space[used..<wanted]))
        if count == 0 { break }
        used += count
      }
    }
  }
}
