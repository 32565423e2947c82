#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Work on a thread of its own, whose result is fetched with `join()`.
public final class OwnThread<Value: Sendable>: Sendable {
  private let result = Monitor<Result<Value, any Error>?>(nil)

  public init(_ work: @escaping @Sendable () throws -> Value) throws {
    let result = result
    let started = startThread {
      let outcome = Result { try work() }
      result.change { $0 = outcome }
    }
    guard started else { throw IOFailure(errno: EAGAIN, operation: "pthread_create", path: "") }
  }

  /// Waits for the end of the work.
  public func join() throws -> Value {
    try result.wait { $0 }.get()
  }
}
