import Dispatch
import Synchronization

/// Runs asynchronous work on the thread that waits for it. Swift's own threads are busy with tests, some of which block
/// them, so an answer that needed one could come too late.
final class CallingThread: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  private let arrived = DispatchSemaphore(value: 0)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    arrived.signal()
  }

  /// The result of the work, which runs on this thread apart from what it hands to others.
  static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) -> Result<Value, any Error> {
    let executor = CallingThread()
    let result = Outcome<Value>()
    Task(executorPreference: executor) {
      do { result.set(.success(try await work())) } catch { result.set(.failure(error)) }
    }
    while true {
      if let value = result.get() { return value }
      executor.arrived.wait()
      executor.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }?
        .runSynchronously(on: executor.asUnownedTaskExecutor())
    }
  }

  private final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)

    func get() -> Result<Value, any Error>? { value.withLock { $0 } }
    func set(_ new: Result<Value, any Error>) { value.withLock { $0 = new } }
  }
}
