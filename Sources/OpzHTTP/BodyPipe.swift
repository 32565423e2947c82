import OpzIO

/// A bounded buffer between libcurl's thread, which must not block, and a reader's thread, which may.
final class BodyPipe: Sendable {
  fileprivate struct State {
    var chunks: [[UInt8]] = []
    /// Bytes of the first chunk that were already read.
    var offset = 0
    var held = 0
    var isPaused = false
    var end: Result<Void, any Error>?
  }

  private let monitor = Monitor(State())
  /// Bytes to hold before the network is paused. One buffer of libcurl's may exceed it.
  static let limit = 4 << 20

  /// Appends a copy of the bytes. Returns false where the buffer is full, and the writer must pause.
  func offer(_ bytes: UnsafeRawBufferPointer) -> Bool {
    monitor.change { state in
      state.isPaused = state.held >= BodyPipe.limit
      if state.isPaused { return false }
      state.chunks.append(Array(bytes))
      state.held += bytes.count
      return true
    }
  }

  /// Marks the end of the body; the first call counts.
  func finish(_ result: Result<Void, any Error>) {
    monitor.change { if $0.end == nil { $0.end = result } }
  }

  /// Waits for bytes; returns 0 at the end of the body.
  /// - Parameter resume: called when a paused writer may continue.
  func read(into buffer: UnsafeMutableRawBufferPointer, resume: () -> Void) throws -> Int {
    let taken: Result<(Int, Bool), any Error> = monitor.wait { state in
      if state.chunks.isEmpty { return state.end.map { $0.map { (0, false) } } }
      let count = state.drain(into: buffer)
      let resumes = state.isPaused && state.held < BodyPipe.limit / 2
      if resumes { state.isPaused = false }
      return .success((count, resumes))
    }
    let (count, resumes) = try taken.get()
    if resumes { resume() }
    return count
  }
}

extension BodyPipe.State {
  fileprivate mutating func drain(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    var used = 0
    while filled < buffer.count, used < chunks.count {
      let count = min(buffer.count - filled, chunks[used].count - offset)
      chunks[used].withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<(filled + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
      }
      filled += count
      offset += count
      if offset == chunks[used].count {
        used += 1
        offset = 0
      }
    }
    chunks.removeFirst(used)
    held -= filled
    return filled
  }
}
