import OpzIO
import OpzInference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The thread of one slot: starts a worker, gives it one batch after the other, and starts it anew when it has ended.
struct WorkerThread {
  /// Seconds that a worker has to end when it is asked to.
  static let endSeconds = 5

  let pool: WorkerPool
  let slot: WorkerSlot

  init(_ pool: WorkerPool, _ slot: WorkerSlot) {
    self.pool = pool
    self.slot = slot
  }

  /// How a worker came to its end.
  fileprivate enum End {
    case asked
    /// Whether it ran a request then.
    case died(WorkerBatch.Gone, wasAsked: Bool)
  }

  func run() {
    WorkerThread.blockBrokenPipes()
    while pool.waitForTurn(slot) {
      do {
        let began = ContinuousClock.now
        let (process, hello) = try start()
        let seconds = (ContinuousClock.now - began).seconds
        slot.changeMemory { $0.begin(WorkerPool.memory(process.pid).own, seconds: seconds) }
        slot.runs(pid: process.pid)
        slot.resetCalls()
        slot.renewed()
        pool.greeted(slot, hello, seconds: seconds)
        let end = serve(process, hello)
        pool.left(slot)
        if case .died(let gone, let wasAsked) = end { pool.died(slot, gone, wasAsked: wasAsked) }
      } catch let failure as WorkerFailure {
        pool.failed(slot, failure)
      } catch {
        pool.failed(slot, WorkerFailure(.start, "a worker", reason: "\(error)"))
      }
    }
  }

  /// A worker that dies while it is written to must not end the server.
  private static func blockBrokenPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Starts a worker that has loaded the model: forked from one where that is possible.
  private func start() throws -> (WorkerProcess, WorkerHello) {
    var limits = WorkerFrameReader.Limits()
    limits.body = pool.pool.answerBytes
    if let template = pool.template, template.isUsed { return try start(from: template, limits) }
    return try startAlone(limits)
  }

  private func startAlone(_ limits: WorkerFrameReader.Limits) throws -> (WorkerProcess, WorkerHello) {
    let program = pool.program.numbered(slot.number, gpus: pool.settings.workers.gpus)
    let process = try WorkerProcess(program, number: slot.number, limits: limits, log: pool.log)
    return (process, try greet(process))
  }

  private func start(from template: WorkerTemplate, _ limits: WorkerFrameReader.Limits) throws -> (
    WorkerProcess, WorkerHello
  ) {
    let start = try template.start(
      pool.program, number: slot.number, limits: limits, log: pool.log,
      stops: { [slot, pool] in slot.order == .retire || pool.isStopping }, greet: greet)
    switch start {
    case .alone(let process, let hello, let reason):
      tellAlone(reason)
      return (process, hello)
    case .impossible(let reason):
      tellAlone(reason)
      return try startAlone(limits)
    case .forked(let process):
      do {
        let hello = try greet(process)
        template.worked()
        return (process, hello)
      } catch {
        guard template.failed() else { throw error }
        tellAlone((error as? WorkerFailure)?.description ?? "\(error)")
        return try startAlone(limits)
      }
    }
  }

  private func tellAlone(_ reason: String) {
    pool.log(
      WorkerLine(
        worker: slot.number, stream: "fork", requests: [],
        text: "each worker loads the model for itself, and shares no memory: \(reason)"))
  }

  private func greet(_ process: WorkerProcess) throws -> WorkerHello {
    let deadline = ContinuousClock.now + .seconds(pool.settings.workers.startSeconds)
    var nothing: WorkerProcess.Sending?
    while true {
      // Looks up now and then, because the pool may have to stop meanwhile.
      switch try process.wait(&nothing, until: min(deadline, .now + .milliseconds(100)), wake: nil) {
      case .events(let events): return try hello(events, process)
      case .died(let death):
        throw WorkerFailure(.load, "the worker", reason: death.text, hint: "it said: \(process.lastWords)")
      case .timeout where slot.order == .retire || pool.isStopping:
        throw WorkerFailure(.start, "the worker", reason: "the server stopped while it loaded")
      case .timeout where ContinuousClock.now >= deadline:
        throw WorkerFailure(
          .load, "the worker", reason: "it did not load the model in \(pool.settings.workers.startSeconds) s",
          hint: "workers.start_seconds is the limit")
      case .timeout, .sent, .woken: continue
      }
    }
  }

  private func hello(_ events: [WorkerFrameReader.Event], _ process: WorkerProcess) throws -> WorkerHello {
    guard events.count == 1, case .frame(let frame) = events[0] else {
      throw WorkerMessage.wrong("it did not begin with hello")
    }
    switch try WorkerMessage(frame) {
    case .hello(let hello): return hello
    case .error(_, let message):
      // Its standard error has more to say than one line.
      _ = process.waitForEnd(until: .now + .seconds(1))
      throw WorkerFailure(.load, pool.settings.model, reason: message, hint: "it said: \(process.lastWords)")
    case .result, .forked: throw WorkerMessage.wrong("it did not begin with hello")
    }
  }

  // MARK: Serving

  private func serve(_ process: WorkerProcess, _ hello: WorkerHello) -> End {
    let id = Int(bitPattern: ObjectIdentifier(slot))
    var mayWait = true
    while slot.order == .serve {
      switch pool.queue.take(id: id, mayWait: mayWait, wake: { [slot] in slot.wake.wake() }) {
      case .batch(let batch):
        mayWait = true
        if let gone = WorkerBatch(pool, slot, process: process, hello: hello).run(batch) {
          return .died(gone, wasAsked: true)
        }
      case .nothing:
        mayWait = true
        if let end = idle(process, hello, until: .now + .seconds(10)) { return end }
      case .later(let until):
        if let end = idle(process, nil, until: until) { return end }
        mayWait = ContinuousClock.now < until
      }
    }
    return .asked(process)
  }

  /// Waits for work.
  /// - Parameter hello: where it is given, a worker that has a health is asked for it at the end of the time.
  private func idle(_ process: WorkerProcess, _ hello: WorkerHello?, until: ContinuousClock.Instant) -> End? {
    var nothing: WorkerProcess.Sending?
    do {
      switch try process.wait(&nothing, until: until, wake: slot.wake) {
      case .died(let death): return .died(WorkerBatch.Gone(slot, death), wasAsked: false)
      case .events: throw WorkerMessage.wrong("it said something that it was not asked")
      case .timeout:
        guard let hello, hello.hasHealth else { return nil }
        return WorkerBatch(pool, slot, process: process, hello: hello).checkHealth().map { .died($0, wasAsked: false) }
      case .woken, .sent: return nil
      }
    } catch {
      process.kill()
      let death = process.waitForEnd(until: .now + .seconds(5)) ?? WorkerDeath(waitStatus: SIGKILL)
      return .died(WorkerBatch.Gone(death, .protocol), wasAsked: false)
    }
  }
}

extension WorkerThread.End {
  /// Asks a worker to end, and ends it if it does not.
  fileprivate static func asked(_ process: WorkerProcess) -> Self {
    var stop = WorkerProcess.Sending(.stop)
    _ = process.write(&stop)
    process.closeInput()
    if process.waitForEnd(until: .now + .seconds(WorkerThread.endSeconds)) == nil {
      process.kill()
      _ = process.waitForEnd(until: .now + .seconds(5))
    }
    return .asked
  }
}
