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
      guard !open.isEmpty else {
        pool.queue.ran(part, seconds: nil)
        continue
      }
      let began = ContinuousClock.now
      switch call(open) {
      case .outputs(let outputs):
        pool.answered(slot)
        answer(open, outputs)
        pool.queue.ran(part, seconds: (ContinuousClock.now - began).seconds)
      case .refused(let failure):
        pool.answered(slot)
        guard open.count > 1 else {
          open[0].finish(.failure(failure))
          pool.queue.ran(part, seconds: (ContinuousClock.now - began).seconds)
          continue
        }
        pool.state.withLock { $0.values.splits &+= 1 }
        // The first half is run first.
        parts += [Array(open[(open.count / 2)...]), Array(open[..<(open.count / 2)])]
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

  private func answer(_ batch: [QueuedRequest], _ outputs: [RawTensor]) {
    // One request may have inputs of different rows, and then any outputs.
    let parts = batch.count == 1 ? [outputs] : BatchTensors.split(outputs, rows: batch.map(\.rows))
    guard let parts else {
      for request in batch { request.fail(500, "the model gave another number of rows than it got") }
      return
    }
    for (request, part) in zip(batch, parts) {
      guard let wanted = request.request.outputs else {
        request.finish(.success(part))
        continue
      }
      let ordered = wanted.compactMap { name in part.first { $0.name == name } }
      if ordered.count == wanted.count {
        request.finish(.success(ordered))
      } else {
        request.fail(500, "the model did not give all outputs that were asked for")
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
      return .gone(Gone(death: death, cause: .protocol))
    }
  }

  /// Sends a call and waits for its answer, while the worker reads and writes as it likes. A worker that takes too long is
  /// interrupted, and then killed.
  private func exchange(_ call: WorkerCall, _ limit: ContinuousClock.Instant) throws -> Outcome {
    var sending: WorkerProcess.Sending? = WorkerProcess.Sending(call)
    if process.write(&sending!) { sending = nil }
    var (limit, isInterrupted, isKilled) = (limit, false, false)
    while true {
      switch try process.wait(&sending, until: limit, wake: nil) {
      case .sent, .woken: continue
      case .events(let events):
        guard events.count == 1, sending == nil else { throw WorkerMessage.wrong("it said more than it was asked") }
        return try outcome(events[0])
      case .died(let death):
        if isKilled || isInterrupted { return .gone(Gone(death: death, cause: .hang)) }
        return .gone(Gone(death: death, cause: cause(death)))
      case .timeout where !isInterrupted:
        pool.state.withLock { $0.values.interrupted &+= 1 }
        process.send(signal: SIGINT)
        limit = .now + .seconds(pool.pool.interruptSeconds)
        isInterrupted = true
      case .timeout:
        isKilled = true
        process.kill()
        limit = .now + .seconds(5)
      }
    }
  }

  private func cause(_ death: WorkerDeath) -> PoolValues.Cause {
    if slot.isOutOfMemory { return .memory }
    return death.signal == nil ? .exit : .signal
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
    case .hello: throw WorkerMessage.wrong("it said hello again")
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
    return Gone(death: process.waitForEnd(until: .now + .seconds(5)) ?? WorkerDeath(waitStatus: SIGKILL), cause: .hang)
  }
}
