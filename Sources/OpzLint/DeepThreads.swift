import OpzIO
import OpzYAML

/// Shares numbered work among threads with room for recursion, and puts the results in the order of the numbers.
enum DeepThreads {
  /// - Parameter body: must not fail; it runs on several threads at once.
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
      // Those that did start take the work of those that did not.
      if !started { results.change { $0.ended += 1 } }
    }
    let values = results.wait { $0.ended == wanted ? $0.values : nil }
    guard values.count == count else {
      throw LintError(.failed, "opz lint", "the system has no room for another thread")
    }
    return values.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
