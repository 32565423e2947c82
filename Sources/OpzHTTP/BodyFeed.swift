import OpzIO

/// Reads a request body whose source may block, such as a download from another server, on a separate thread.
///
/// It reads up to 4 MiB ahead. libcurl's thread is shared by all transfers and must not block.
final class BodyFeed: Sendable {
  fileprivate struct State {
    var pieces: [[UInt8]] = []
    /// Bytes of the first piece that were already taken.
    var offset = 0
    var held = 0
    /// libcurl paused the transfer and has to be woken.
    var isAwaited = false
    var isCancelled = false
    var end: Result<Void, any Error>?
  }

  /// What could be taken without blocking.
  enum ReadResult { case bytes(Int), later, end }

  private let monitor = Monitor(State())

  static let limit = 4 << 20
  private static let piece = 256 << 10

  /// Starts the reading thread.
  /// - Parameters:
  ///   - offset: the byte of the blob to start at; reading continues to the blob's end.
  ///   - wake: called on the reading thread when data arrives after `take` returned `.later`.
  /// - Throws: `IOFailure` where no thread can be started.
  init(_ blob: any Blob, at offset: UInt64, wake: @escaping @Sendable () -> Void) throws {
    let started = startThread { [self] in
      let result = Result { try fill(blob, from: offset, wake) }
      if monitor.change({ $0.finish(result) }) { wake() }
    }
    guard started else { throw IOFailure("the system has no thread left", path: "") }
  }

  /// Takes buffered bytes without blocking.
  func take(into buffer: UnsafeMutableRawBufferPointer) throws -> ReadResult {
    try monitor.change { state -> Result<ReadResult, any Error> in
      if let first = state.pieces.first {
        let count = min(buffer.count, first.count - state.offset)
        first.withUnsafeBytes { bytes in
          buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[state.offset..<(state.offset + count)]))
        }
        state.offset += count
        state.held -= count
        if state.offset == first.count {
          state.pieces.removeFirst()
          state.offset = 0
        }
        return .success(.bytes(count))
      }
      if let end = state.end { return end.map { .end } }
      state.isAwaited = true
      return .success(.later)
    }.get()
  }

  /// Stops reading: no more bytes will be taken.
  func cancel() { monitor.change { $0.isCancelled = true } }

  // The source is released before the last bytes can be taken, so that the next part of the blob can continue with
  // it.
  private func fill(_ blob: any Blob, from offset: UInt64, _ wake: () -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: BodyFeed.piece, alignment: 4096)
    defer { buffer.deallocate() }
    var source: (any ByteSource)? = try blob.open(at: offset)
    var left = blob.size - min(offset, blob.size)
    while left > 0, let reader = source {
      let isRunning = monitor.wait { $0.isCancelled ? false : $0.held < BodyFeed.limit ? true : nil }
      let count = isRunning ? try reader.read(into: buffer) : 0
      if count == 0 { return }
      left -= min(left, UInt64(count))
      if left == 0 { source = nil }
      let piece = Array(buffer[..<count])
      let isAwaited = monitor.change { $0.add(piece) }
      if isAwaited { wake() }
    }
  }
}

extension BodyFeed.State {
  // Returns whether libcurl has to be woken.
  fileprivate mutating func add(_ piece: [UInt8]) -> Bool {
    pieces.append(piece)
    held += piece.count
    defer { isAwaited = false }
    return isAwaited
  }
  // Returns whether libcurl has to be woken.
  fileprivate mutating func finish(_ result: Result<Void, any Error>) -> Bool {
    end = result
    defer { isAwaited = false }
    return isAwaited
  }
}
