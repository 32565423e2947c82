import OpzIO

/// Reads a body whose source may wait (a blob of another registry) on a thread of its own, some MiB ahead: libcurl's thread, which all
/// transfers share, must not wait.
final class BodyFeed: Sendable {
  fileprivate struct State {
    var pieces: [[UInt8]] = []
    /// Bytes of the first piece that were taken.
    var offset = 0
    var held = 0
    /// libcurl waits to be woken.
    var isAwaited = false
    var isCancelled = false
    var end: Result<Void, any Error>?
  }

  enum Taken { case bytes(Int), later, end }

  private let monitor = Monitor(State())

  static let limit = 4 << 20
  private static let piece = 256 << 10

  /// - Parameters:
  ///   - size: bytes to read; fewer are an error of the transfer, not of this.
  ///   - wake: called on the thread when there is something after `later`.
  init(_ blob: any Blob, at offset: UInt64, wake: @escaping @Sendable () -> Void) throws {
    let started = startThread { [self] in
      let result = Result { try fill(blob, from: offset, wake) }
      if monitor.change({ $0.finish(result) }) { wake() }
    }
    guard started else { throw IOFailure("the system has no thread left", path: "") }
  }

  /// Takes what is there, without waiting.
  func take(into buffer: UnsafeMutableRawBufferPointer) throws -> Taken {
    try monitor.change { state -> Result<Taken, any Error> in
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

  /// Nobody takes any more.
  func cancel() { monitor.change { $0.isCancelled = true } }

  // The source is let go before the last bytes can be taken, so that the next part of the blob can go on with it.
  private func fill(_ blob: any Blob, from offset: UInt64, _ wake: () -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: BodyFeed.piece, alignment: 4096)
    defer { buffer.deallocate() }
    var source: (any ByteSource)? = try blob.open(at: offset)
    var left = blob.size - min(offset, blob.size)
    while left > 0, let reader = source {
      let goesOn = monitor.wait { $0.isCancelled ? false : $0.held < BodyFeed.limit ? true : nil }
      let count = goesOn ? try reader.read(into: buffer) : 0
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
  // Says whether libcurl has to be woken.
  fileprivate mutating func add(_ piece: [UInt8]) -> Bool {
    pieces.append(piece)
    held += piece.count
    defer { isAwaited = false }
    return isAwaited
  }
  // Says whether libcurl has to be woken.
  fileprivate mutating func finish(_ result: Result<Void, any Error>) -> Bool {
    end = result
    defer { isAwaited = false }
    return isAwaited
  }
}
