import CWorkers
import OpzIO
import OpzInference
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A process that has loaded the model and serves nothing: workers that are forked from it share its memory, and start at
/// once.
///
/// One worker starts at a time (`WorkerPool.waitForTurn`). A thread lives as long as the process, because the kernel ends a
/// child with the thread that started it, and takes what is left when it ends.
final class WorkerTemplate: @unchecked Sendable {
  private struct State {
    /// Why workers are not forked; nil while they are, or nobody has tried.
    var hindrance: String?
    var pid: Int32 = 0
    /// Forked workers that did not say hello, one after the other.
    var failures = 0
    var hasWorked = false
    var hasEnded = false
  }

  /// Seconds that a fork may take, on a machine that does much else.
  private static let forkSeconds = 30
  /// Failed forks in a row after which each worker loads the model itself: a kernel may not have all that this needs.
  private static let mostFailures = 3

  private let state = Mutex(State())
  /// Held by the thread that uses the process.
  private let turn = Mutex(())
  private var process: WorkerProcess?

  /// Whether workers may be forked.
  var isUsed: Bool { state.withLock { $0.hindrance == nil } }
  /// The process; 0 for none.
  var pid: Int32 { state.withLock { $0.pid } }

  /// What a start gives.
  enum Start {
    /// A worker that is yet to say hello.
    case forked(WorkerProcess)
    /// Nothing can be forked from what has loaded the model, for this reason: it is a worker itself.
    case alone(WorkerProcess, WorkerHello, because: String)
    /// Forking itself fails, for this reason.
    case impossible(because: String)
  }

  /// Starts a worker, and what it is forked from where that is not there.
  /// - Parameters:
  ///   - stops: whether the worker is no longer wanted.
  ///   - greet: waits until a process has loaded the model.
  /// - Throws: `WorkerFailure`. What workers are forked from is started anew next time.
  func start(
    _ program: WorkerProgram, number: Int, limits: WorkerFrameReader.Limits,
    log: @escaping @Sendable (WorkerLine) -> Void, stops: () -> Bool, greet: (WorkerProcess) throws -> WorkerHello
  ) throws -> Start {
    var start: Start?
    try turn.withLock { _ in
      start = try begin(
        program, number: number, limits: limits, log: log, stops: stops, greet: greet)
    }
    return start!
  }

  private func begin(
    _ program: WorkerProgram, number: Int, limits: WorkerFrameReader.Limits,
    log: @escaping @Sendable (WorkerLine) -> Void, stops: () -> Bool, greet: (WorkerProcess) throws -> WorkerHello
  ) throws -> Start {
    // One that has just died, or has become unfit, fails here, and a new one takes its place.
    if process?.isAlive == true, let worker = try? fork(number: number, limits: limits, log: log, stops: stops) {
      return .forked(worker)
    }
    end()
    let process = try spawn(program.template(number), number: number, limits: limits, log: log)
    let hello = try greet(process)
    switch hello.fork {
    case .possible: break
    case .impossible(let reason):
      state.withLock { $0.hindrance = reason }
      return .alone(process, hello, because: reason)
    case nil: throw WorkerMessage.wrong("it does not say whether it can be forked")
    }
    self.process = process
    state.withLock { $0.pid = process.pid }
    do {
      return .forked(try fork(number: number, limits: limits, log: log, stops: stops))
    } catch {
      // An answer that comes late would be taken for the next one's.
      end()
      if stops() { throw error }
      let reason = (error as? WorkerFailure)?.description ?? "\(error)"
      state.withLock { $0.hindrance = reason }
      return .impossible(because: reason)
    }
  }

  private func fork(
    number: Int, limits: WorkerFrameReader.Limits, log: @escaping @Sendable (WorkerLine) -> Void, stops: () -> Bool
  ) throws -> WorkerProcess {
    guard let process else { throw WorkerFailure(.start, "a fork", reason: "nothing has loaded the model") }
    return try process.fork(
      environment: WorkerProgram.own(number, gpus: []), number: number, limits: limits,
      until: .now + .seconds(WorkerTemplate.forkSeconds), stops: stops, log: log)
  }

  /// A forked worker said hello.
  func worked() { state.withLock { ($0.failures, $0.hasWorked) = (0, true) } }

  /// A forked worker did not say hello.
  /// - Returns: whether no more are forked: where none has ever served, or several have failed.
  func failed() -> Bool {
    let isLast = state.withLock { state in
      state.failures += 1
      guard !state.hasWorked || state.failures >= WorkerTemplate.mostFailures else { return false }
      state.hindrance = "what is forked from it does not serve"
      return true
    }
    if isLast { turn.withLock { _ in end() } }
    return isLast
  }

  /// Ends the process and its thread.
  func stop() {
    state.withLock { $0.hasEnded = true }
    turn.withLock { _ in end() }
  }

  private func end() {
    process?.kill()
    _ = process?.waitForEnd(until: .now + .seconds(5))
    process = nil
    state.withLock { $0.pid = 0 }
  }

  /// Starts it on its thread.
  private func spawn(
    _ program: WorkerProgram, number: Int, limits: WorkerFrameReader.Limits,
    log: @escaping @Sendable (WorkerLine) -> Void
  ) throws -> WorkerProcess {
    let made = Made()
    let started = startThread { [self] in
      let pid = made.make { try WorkerProcess(program, number: number, limits: limits, log: log) }
      while !state.withLock({ $0.hasEnded }), opz_is_child(pid) != 0 {
        usleep(50_000)
        _ = turn.withLockIfAvailable { _ in
          if process?.isAlive == false { end() }
        }
      }
    }
    guard started else { throw WorkerFailure(.start, "a worker's thread", reason: IOFailure.text(of: EAGAIN)) }
    return try made.take().get()
  }

  /// Hands a process from the thread that starts it to the one that uses it.
  private final class Made: @unchecked Sendable {
    private let isThere = Atomic(false)
    private var result: Result<WorkerProcess, any Error>?

    /// - Returns: its pid; 0 where it did not start. The process is the other thread's from now on.
    func make(_ start: () throws -> WorkerProcess) -> Int32 {
      let started = Result { try start() }
      let pid = (try? started.get().pid) ?? 0
      result = started
      isThere.store(true, ordering: .releasing)
      return pid
    }

    func take() -> Result<WorkerProcess, any Error> {
      while !isThere.load(ordering: .acquiring) { usleep(200) }
      defer { result = nil }
      return result!
    }
  }
}
