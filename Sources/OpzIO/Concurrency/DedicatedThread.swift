#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Work on a thread of its own, whose result `join()` returns.
public final class DedicatedThread<Value: Sendable>: Sendable {
  private let result = Monitor<Result<Value, any Error>?>(nil)

  /// Starts the work at once.
  /// - Throws: `IOFailure` (`EAGAIN`) when no thread can be started.
  public init(_ work: @escaping @Sendable () throws -> Value) throws {
    let result = result
    let started = startThread {
      let outcome = Result { try work() }
      result.change { $0 = outcome }
    }
    guard started else { throw IOFailure(errno: EAGAIN, operation: "pthread_create", path: "") }
  }

  /// Blocks until the work has ended.
  /// - Returns: the work's result; it can be asked for repeatedly.
  /// - Throws: what the work threw.
  public func join() throws -> Value {
    try result.wait { $0 }.get()
  }
}
