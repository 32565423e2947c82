import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes lines to the log on a thread of its own: where nobody takes the log, requests are answered all the same. Lines
/// that do not fit into the buffer are dropped and counted.
final class LogWriter: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isWriting = false
    var hasThread = false
    var dropped: UInt64 = 0
  }

  /// The most bytes that wait.
  private let most: Int
  private let write: @Sendable ([UInt8]) -> Void
  private let state = Monitor(State())

  /// - Parameters:
  ///   - most: bytes that may wait to be written.
  ///   - write: writes whole lines; standard error is a container's log.
  init(most: Int = 1 << 20, _ write: @escaping @Sendable ([UInt8]) -> Void = { printErrorBytes($0) }) {
    self.most = most
    self.write = write
  }

  /// Lines that did not fit.
  var dropped: UInt64 { state.change { $0.dropped } }

  /// Writes a line, soon.
  func line(_ text: [UInt8]) {
    let isFirst = state.change { state in
      guard state.bytes.count + text.count < most else {
        state.dropped &+= 1
        return false
      }
      state.bytes += text
      state.bytes.append(UInt8(ascii: "\n"))
      defer { state.hasThread = true }
      return !state.hasThread
    }
    if isFirst { _ = startThread { self.run() } }
  }

  private func run() {
    while true {
      let bytes: [UInt8] = state.wait { state in
        state.isWriting = false
        guard !state.bytes.isEmpty else { return nil }
        state.isWriting = true
        defer { state.bytes = [] }
        return state.bytes
      }
      write(bytes)
    }
  }

  /// Waits until all is written, for a second at most.
  func flush() {
    for _ in 0..<100 {
      if state.change({ $0.bytes.isEmpty && !$0.isWriting }) { return }
      usleep(10_000)
    }
  }
}
