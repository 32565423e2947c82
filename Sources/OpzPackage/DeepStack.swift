import Foundation
import OpzIO

/// Runs work that recurses once for each level of a document's nesting.
///
/// libyaml stops at 1000 levels. Yams' composer needs more stack for that than a thread of ours has (1 MiB), and the nodes are
/// freed level by level too, so all of it stays on a thread with room to spare.
enum DeepStack {
  private final class Outcome<Value: Sendable>: @unchecked Sendable {
    var result: Result<Value, any Error>?
  }

  /// Blocks until `work` is done.
  static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    let started = startThread(stackBytes: 16 << 20) {
      // Written before the signal and read after the wait, which order the two.
      outcome.result = Result { try work() }
      done.signal()
    }
    guard started else { throw ConfigError("opz.yaml", "the system has no room for another thread") }
    done.wait()
    guard let result = outcome.result else { throw ConfigError("opz.yaml", "reading it ended early") }
    return try result.get()
  }
}
