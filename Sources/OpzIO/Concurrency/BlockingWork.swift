import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs blocking work on a thread of its own, so that Swift's cooperative threads never wait for a disk.
///
/// Starting the thread costs some 50 microseconds; use this around whole blobs, not around single reads.
/// - Throws: what `work` throws, or an `IOFailure` (`EAGAIN`) when no thread can be started.
public func blocking<Value: Sendable>(
  _ work: @escaping @Sendable () throws -> sending Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let once = OneTimeWork(work)
    let started = startThread { continuation.resume(with: once.run()) }
    if !started {
      continuation.resume(throwing: IOFailure(errno: EAGAIN, operation: "pthread_create", path: ""))
    }
  }
}

/// Waits for asynchronous work: the reverse of `blocking`. The calling thread must not belong to the cooperative pool:
/// there the work might have no thread left to run on.
/// - Throws: what `work` throws.
package func waitFor<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
  let result = Monitor<Result<Value, any Error>?>(nil)
  Task {
    do {
      let value = try await work()
      result.change { $0 = .success(value) }
    } catch {
      result.change { $0 = .failure(error) }
    }
  }
  return try result.wait { $0 }.get()
}

/// Starts a detached thread.
/// - Parameter stackBytes: the size of its stack in bytes.
/// - Returns: false when the system cannot start another thread.
package func startThread(stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) -> Bool {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, stackBytes)
  let box = Unmanaged.passRetained(ThreadBody(body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument else { return nil }
      Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
      return nil
    }, box.toOpaque())
  if code != 0 { box.release() }
  return code == 0
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Work that is released when it has run: what it holds, such as a locked file, must not outlive it on its thread.
private final class OneTimeWork<Value: Sendable>: Sendable {
  private let work: Mutex<(@Sendable () throws -> sending Value)?>

  init(_ work: @escaping @Sendable () throws -> sending Value) { self.work = Mutex(work) }

  func run() -> Result<Value, any Error> {
    let taken = work.withLock { held in
      defer { held = nil }
      return held
    }
    return Result {
      guard let taken else { throw CancellationError() }
      return try taken()
    }
  }
}
