import OpzIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Shows progress on standard error: a bar on a terminal, a line every few seconds in a log.
final class ConsoleProgress: ProgressSink {
  private struct Item {
    var done: UInt64 = 0
    var total: UInt64?
  }

  private struct State {
    var items: [String: Item] = [:]
    var order: [String] = []
    var finishedBytes: UInt64 = 0
    var shown = false
    var lastDrawn: UInt64 = 0
  }

  private let state = Mutex(State())
  private let terminal: Bool
  /// Nanoseconds between two drawings.
  private let interval: UInt64

  init(terminal: Bool) {
    self.terminal = terminal
    interval = terminal ? 100_000_000 : 5_000_000_000
  }

  func report(_ event: ProgressEvent) {
    state.withLock { state in
      switch event {
      case .started(let item, let total):
        if state.items.updateValue(Item(total: total), forKey: item) == nil { state.order.append(item) }
        if state.lastDrawn == 0 { state.lastDrawn = ConsoleProgress.now() }
      case .advanced(let item, let bytes):
        state.items[item, default: Item()].done &+= bytes
      case .restarted(let item):
        state.items[item]?.done = 0
      case .repeated(let item, let bytes):
        if let done = state.items[item]?.done { state.items[item]?.done = done - min(done, bytes) }
      case .kept(let item, let bytes):
        state.items[item, default: Item()].done &+= bytes
      case .finished(let item, let outcome):
        clear(&state)
        let size = state.items[item]?.total.map { "  \(ByteCount.text($0))" } ?? ""
        if outcome != .failed, total(state) >= 1 << 20 { Console.note("  \(word(outcome)) \(item)\(size)") }
        state.items[item] = nil
        state.order.removeAll { $0 == item }
      case .note(let text):
        clear(&state)
        Console.note(text)
      }
      draw(&state)
    }
  }

  private func word(_ outcome: ProgressOutcome) -> String {
    switch outcome {
    case .done: "done   "
    case .existed: "exists "
    case .mounted: "mounted"
    case .failed: "failed "
    }
  }

  private func total(_ state: State) -> UInt64 { state.items.values.reduce(0) { $0 &+ ($1.total ?? 0) } }

  private func draw(_ state: inout State) {
    let now = ConsoleProgress.now()
    guard !state.items.isEmpty, now &- state.lastDrawn >= interval else { return }
    state.lastDrawn = now
    let done = state.items.values.reduce(0) { $0 &+ min($1.done, $1.total ?? $1.done) }
    let all = total(state)
    let name = state.order.count == 1 ? state.order[0] : "\(state.order.count) blobs"
    let text = "\(ByteCount.text(done)) of \(ByteCount.text(all))  \(name)"
    guard terminal else { return Console.note("  \(text)") }
    let cells = max(10, min(40, Console.width - text.count - 4))
    let full = all == 0 ? 0 : Int(Double(cells) * min(1, Double(done) / Double(all)))
    let bar = String(repeating: "#", count: full) + String(repeating: "-", count: cells - full)
    Console.write(Array("\r\u{1B}[K[\(bar)] \(text.prefix(max(0, Console.width - cells - 4)))".utf8), to: STDERR_FILENO)
    state.shown = true
  }

  private func clear(_ state: inout State) {
    guard state.shown else { return }
    Console.write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO)
    state.shown = false
  }

  private static func now() -> UInt64 { clock_gettime_nsec() }
}

/// Nanoseconds of the clock that never goes back.
private func clock_gettime_nsec() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
