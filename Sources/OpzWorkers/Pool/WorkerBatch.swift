import OpzIO
import OpzInference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs batches in one worker: a failed one in parts, so that only the request that is to blame fails.
struct WorkerBatch {
  let pool: WorkerPool
  let slot: WorkerSlot
  let process: WorkerProcess
  let hello: WorkerHello

  init(_ pool: WorkerPool, _ slot: WorkerSlot, process: WorkerProcess, hello: WorkerHello) {
    self.pool = pool
    self.slot = slot
    self.process = process
    self.hello = hello
  }

  /// A worker that is gone.
  struct Gone {
    let death: WorkerDeath
    let cause: PoolValues.Cause

    init(_ death: WorkerDeath, _ cause: PoolValues.Cause) {
      self.death = death
      self.cause = cause
    }

    /// One that nobody ended, unless it was for the memory that it took.
    init(_ slot: WorkerSlot, _ death: WorkerDeath) {
      self.init(death, slot.isOutOfMemory ? .memory : death.signal == nil ? .exit : .signal)
    }
  }

  /// What a call came to.
  private enum Outcome {
    case outputs([RawTensor])
    case refused(RequestFailure)
    case late
    case gone(Gone)
  }

  /// Runs a batch and answers its requests.
  /// - Returns: nil while the worker lives.
  func run(_ batch: [QueuedRequest]) -> Gone? {
    var parts = [batch]
    while let part = parts.popLast() {
      let open = part.filter { !$0.isAnswered }
      // Nobody waits for the others any more: they have run.
      pool.queue.ran(part.filter { request in !open.contains { $0 === request } }, seconds: nil)
      guard !open.isEmpty else { continue }
      let began = ContinuousClock.now
      let outcome = call(open)
      let seconds = (ContinuousClock.now - began).seconds
      switch outcome {
      case .outputs(let outputs):
        slot.countCall()
        guard let answers = answers(open, outputs) else {
          parts += fail(
            open, RequestFailure(500, "the model gave another number of rows than it got"), seconds: seconds)
          continue
        }
        for (request, answer) in zip(open, answers) { request.finish(answer) }
        pool.queue.ran(open, seconds: seconds)
      case .refused(let failure):
        slot.countCall()
        parts += fail(open, failure, seconds: seconds)
      case .late: tookTooLong(open)
      case .gone(let gone):
        lost(open, gone)
        // These had no part in it.
        pool.queue.again(parts.reversed().flatMap { $0 })
        return gone
      }
    }
    return nil
  }

  private var late: RequestFailure {
    RequestFailure(504, "the model took longer than \(pool.settings.workers.requestSeconds) s")
  }

  /// A batch that failed: its halves, in the order in which `run` takes them, or nothing where the one request is to blame.
  private func fail(_ batch: [QueuedRequest], _ failure: RequestFailure, seconds: Double) -> [[QueuedRequest]] {
    guard batch.count > 1 else {
      batch[0].finish(.failure(failure))
      pool.queue.ran(batch, seconds: seconds)
      return []
    }
    pool.state.withLock { $0.values.splits &+= 1 }
    // The last is run first.
    return [Array(batch[(batch.count / 2)...]), Array(batch[..<(batch.count / 2)])]
  }

  /// What each request gets of the outputs; nil where they have not the rows of all.
  private func answers(_ batch: [QueuedRequest], _ outputs: [RawTensor]) -> [Result<[RawTensor], any Error>]? {
    // One request may have inputs of different rows, and then any outputs.
    let parts = batch.count == 1 ? [outputs] : BatchTensors.split(outputs, rows: batch.map(\.rows))
    return parts.map { parts in
      zip(batch, parts).map { request, part in
        guard let wanted = request.request.outputs else { return .success(part) }
        let ordered = wanted.compactMap { name in part.first { $0.name == name } }
        guard ordered.count == wanted.count else {
          return .failure(RequestFailure(500, "the model did not give all outputs that were asked for"))
        }
        return .success(ordered)
      }
    }
  }

  /// A call that took too long: of several requests each runs alone once more, since only one may be to blame.
  private func tookTooLong(_ batch: [QueuedRequest]) {
    guard batch.count > 1 else {
      for request in batch { request.finish(.failure(late)) }
      return pool.queue.ran(batch, seconds: nil)
    }
    for request in batch { request.separate() }
    pool.state.withLock { $0.values.retried &+= UInt64(batch.count) }
    pool.queue.again(batch)
  }

  /// Requests of a worker that is gone: each runs alone once more, unless it did so before.
  private func lost(_ batch: [QueuedRequest], _ gone: Gone) {
    if gone.cause == .hang {
      // One that ran alone is to blame.
      if batch.count == 1 { pool.quarantine.add(batch[0].request) }
      return tookTooLong(batch)
    }
    for request in batch { request.countDeath() }
    let (guilty, others) = (batch.filter { $0.deaths > 1 }, batch.filter { $0.deaths < 2 })
    for request in guilty {
      pool.quarantine.add(request.request)
      request.finish(.failure(WorkerPool.quarantined))
    }
    pool.queue.ran(guilty, seconds: nil)
    pool.state.withLock { $0.values.retried &+= UInt64(others.count) }
    pool.queue.again(others)
  }

  // MARK: One call

  private func call(_ batch: [QueuedRequest]) -> Outcome {
    let joined = BatchTensors.join(batch.map(\.request))
    process.requests = joined.ids
    defer { process.requests = [] }
    let seconds = pool.settings.workers.requestSeconds
    do {
      let call = try WorkerCall(joined, milliseconds: seconds * 1000, isTextJSON: hello.isTextJSON)
      return try exchange(call, .now + .seconds(seconds))
    } catch let failure as RequestFailure {
      return .refused(failure)
    } catch {
      pool.log(WorkerLine(worker: slot.number, stream: "protocol", requests: joined.ids, text: "\(error)"))
      process.kill()
      let death = process.waitForEnd(until: .now + .seconds(5)) ?? WorkerDeath(waitStatus: SIGKILL)
      return .gone(Gone(death, .protocol))
    }
  }

  /// Sends a call and waits for its answer, while the worker reads and writes as it likes. A worker that takes too long is
  /// interrupted, and then killed.
  private func exchange(_ call: WorkerCall, _ limit: ContinuousClock.Instant) throws -> Outcome {
    var sending: WorkerProcess.Sending? = WorkerProcess.Sending(call)
    if process.write(&sending!) { sending = nil }
    var (limit, isInterrupted) = (limit, false)
    while true {
      switch try process.wait(&sending, until: limit, wake: nil) {
      case .sent, .woken: continue
      case .events(let events):
        guard events.count == 1, sending == nil else { throw WorkerMessage.wrong("it said more than it was asked") }
        return try outcome(events[0])
      case .died(let death):
        return .gone(isInterrupted ? Gone(death, .hang) : Gone(slot, death))
      case .timeout where !isInterrupted:
        pool.state.withLock { $0.values.interrupted &+= 1 }
        process.send(signal: SIGINT)
        limit = .now + .seconds(pool.pool.interruptSeconds)
        isInterrupted = true
      case .timeout:
        process.kill()
        limit = .now + .seconds(5)
      }
    }
  }

  private func outcome(_ event: WorkerFrameReader.Event) throws -> Outcome {
    guard case .frame(let frame) = event else {
      guard case .tooLong(let bytes) = event else { return .late }
      return .refused(
        RequestFailure(
          413, "the answer has \(bytes) bytes, more than the limit of \(pool.pool.answerBytes): send fewer rows"))
    }
    switch try WorkerMessage(frame) {
    case .result(let outputs): return .outputs(outputs)
    case .hello, .forked: throw WorkerMessage.wrong("it said what it was not asked")
    case .error(let code, let message):
      switch code {
      case "interrupted": return .late
      case "bad_input": return .refused(RequestFailure(400, message))
      default: return .refused(RequestFailure(500, message))
      }
    }
  }

  /// Asks the model whether it is healthy. One that is not is ended, and starts anew.
  func checkHealth() -> Gone? {
    do {
      switch try exchange(.ping, .now + .seconds(10)) {
      case .outputs: return nil
      case .gone(let gone): return gone
      case .refused(let failure):
        pool.log(WorkerLine(worker: slot.number, stream: "health", requests: [], text: failure.message))
      case .late: break
      }
    } catch {}
    process.kill()
    return Gone(process.waitForEnd(until: .now + .seconds(5)) ?? WorkerDeath(waitStatus: SIGKILL), .hang)
  }
}
