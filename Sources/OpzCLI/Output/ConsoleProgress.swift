import OpzIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Shows progress on standard error: bars on a terminal, or a line every few seconds in a log. Each frame is a single
/// write.
final class ConsoleProgress: ProgressSink {
  private struct State {
    var board = ProgressBoard()
    /// The number of lines of the frame on the screen; the cursor is in its last line.
    var drawn = 0
    var lastDrawn: UInt64 = 0
  }

  private let state = Mutex(State())
  private let terminal: Bool
  /// Nanoseconds between two frames.
  private let interval: UInt64

  private static let current = Mutex<ConsoleProgress?>(nil)

  init(terminal: Bool) {
    self.terminal = terminal
    interval = terminal ? 100_000_000 : 5_000_000_000
    ConsoleProgress.current.withLock { $0 = self }
    redrawEverySecond()
  }

  /// Redraws every second even without events, so that a stalled transfer is visible.
  private func redrawEverySecond() {
    Task.detached { [weak self] in
      while true {
        try await Task.sleep(for: .seconds(1))
        guard let self else { return }
        tick()
      }
    }
  }

  private func tick() {
    state.withLock { state in
      guard !state.board.isEmpty, state.lastDrawn > 0 else { return }
      let now = ConsoleProgress.now()
      terminal ? draw(&state, nil, now: now) : log(&state, nil, now: now)
    }
  }

  /// Erases the bars before other output is printed.
  static func clearCurrent() {
    let found = current.withLock { $0 }
    found?.state.withLock { state in
      guard state.drawn > 0 else { return }
      Console.write(Array(FrameText.replacing(state.drawn, with: []).utf8), to: STDERR_FILENO)
      state.drawn = 0
    }
  }

  func report(_ event: ProgressEvent) {
    state.withLock { state in
      let now = ConsoleProgress.now()
      if state.lastDrawn == 0 { state.lastDrawn = now }
      let kept = state.board.apply(event, at: now)
      if let kept { Console.remember(kept) }
      terminal ? draw(&state, kept, now: now) : log(&state, kept, now: now)
    }
  }

  private func draw(_ state: inout State, _ kept: String?, now: UInt64) {
    let isDue = now &- state.lastDrawn >= interval
    guard isDue || kept != nil || (state.board.isEmpty && state.drawn > 0) else { return }
    let showsBars = !state.board.isEmpty && (isDue || state.drawn > 0)
    // Leave the last column empty, because some terminals wrap there.
    let lines = showsBars ? state.board.frame(width: Console.width - 1, rows: Console.height, at: now) : []
    let text = FrameText.replacing(state.drawn, keeping: kept, with: lines)
    if !text.isEmpty { Console.write(Array(text.utf8), to: STDERR_FILENO) }
    state.drawn = lines.count
    if isDue { state.lastDrawn = now }
  }

  private func log(_ state: inout State, _ kept: String?, now: UInt64) {
    var text = kept.map { $0 + "\n" } ?? ""
    if now &- state.lastDrawn >= interval, !state.board.isEmpty {
      text += state.board.line(at: now) + "\n"
      state.lastDrawn = now
    }
    if !text.isEmpty { Console.write(Array(text.utf8), to: STDERR_FILENO) }
  }

  /// Nanoseconds of the monotonic clock.
  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
