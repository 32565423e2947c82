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
    do {
      return try inParallel(Array(0..<count), threads: threads, stackBytes: 16 << 20, body)
    } catch {
      throw LintError(.failed, "opz lint", reason: "the system cannot start another thread")
    }
  }
}
