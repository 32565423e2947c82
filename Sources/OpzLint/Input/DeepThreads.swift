import OpzIO
import OpzYAML

/// Distributes numbered tasks over threads whose stacks are large enough for deep recursion.
enum DeepThreads {
  /// Runs `body` for each number below `count`, and returns the results in the order of the numbers.
  /// - Parameter body: runs on several threads at once.
  /// - Throws: `LintError` where no thread can be started.
  static func map<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Value
  ) throws(LintError) -> [Value] {
    let counter = Counter()
    let wanted = max(1, min(threads, count))
    let results = Monitor((values: [(Int, Value)](), ended: 0))
    for _ in 0..<wanted {
      let started = startThread(stackBytes: 16 << 20) {
        var own: [(Int, Value)] = []
        while let index = counter.take(below: count) { own.append((index, body(index))) }
        results.change {
          $0.values += own
          $0.ended += 1
        }
      }
      // The threads that did start take over the tasks.
      if !started { results.change { $0.ended += 1 } }
    }
    let values = results.wait { $0.ended == wanted ? $0.values : nil }
    guard values.count == count else {
      throw LintError(.failed, "opz lint", "the system cannot start another thread")
    }
    return values.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
