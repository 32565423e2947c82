import CWorkers
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension WorkerProcess {
  /// Has this process, which has loaded the model, fork a worker.
  /// - Parameters:
  ///   - environment: variables of its own.
  ///   - stops: whether the worker is no longer wanted.
  /// - Throws: `WorkerFailure`.
  func fork(
    environment: [String: String], number: Int, limits: WorkerFrameReader.Limits,
    until deadline: ContinuousClock.Instant,
    stops: () -> Bool,
    log: @escaping @Sendable (WorkerLine) -> Void
  ) throws -> WorkerProcess {
    let pipes = try WorkerPipes("a worker")
    guard let life = Descriptor.pipe() else {
      throw WorkerFailure(.start, "a worker", reason: IOFailure.text(of: errno))
    }
    let pid = try WorkerChildren.adopt {
      try send(
        WorkerCall.fork(environment: environment, server: getpid()), descriptors: pipes.ofWorker + [life.read.number])
      return try forked(until: deadline, stops)
    }
    life.read.close()
    return try WorkerProcess(pid, pipes, life: life.write, number: number, limits: limits, log: log)
  }

  private func forked(until deadline: ContinuousClock.Instant, _ stops: () -> Bool) throws -> Int32 {
    var nothing: Sending?
    while true {
      switch try wait(&nothing, until: min(deadline, .now + .milliseconds(100)), wake: nil) {
      case .sent, .woken: continue
      case .timeout where stops(): throw WorkerFailure(.start, "a fork", reason: "the server stopped meanwhile")
      case .timeout where ContinuousClock.now < deadline: continue
      case .timeout: throw WorkerFailure(.start, "a fork", reason: "the process that loaded the model does not answer")
      case .died(let death): throw WorkerFailure(.start, "the process that loaded the model", reason: death.text)
      case .events(let events):
        guard events.count == 1, case .frame(let frame) = events[0] else { throw WorkerMessage.wrong("not one frame") }
        switch try WorkerMessage(frame) {
        case .forked(let pid): return pid
        case .error(_, let message): throw WorkerFailure(.start, "a fork", reason: message)
        case .hello, .result: throw WorkerMessage.wrong("it was asked for a fork")
        }
      }
    }
  }
}
