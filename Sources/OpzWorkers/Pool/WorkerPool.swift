import CWorkers
public import OpzIO
public import OpzInference
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Worker processes that run one model, and the queue in front of them.
public final class WorkerPool: RemotePredictor {
  struct State {
    /// What the first worker said; the others run the same model.
    var hello: WorkerHello?
    var slots: [WorkerSlot] = []
    /// Numbers of the workers that serve.
    var alive: Set<ObjectIdentifier> = []
    /// The one that loads: they load one after the other, so that their memory peaks do not add up.
    var loading: ObjectIdentifier?
    /// When the last worker was gone; nil while one serves.
    var deserted: ContinuousClock.Instant?
    var lastFailure: WorkerFailure?
    var isStopping = false
    var hasGivenUp = false
    /// Whether it was said that the memory is not what the workers need.
    var hasToldMemory = false
    var values = PoolValues()
  }

  let settings: ServeSettings
  let pool: PoolSettings
  let program: WorkerProgram
  /// What workers are forked from; nil where each loads the model.
  let template: WorkerTemplate?
  let queue: RequestQueue
  let quarantine = Quarantine()
  let state = Mutex(State())
  let log: @Sendable (WorkerLine) -> Void
  private let giveUp: @Sendable (WorkerFailure) -> Void
  private let kind: ServeSettings.Worker.Kind

  /// A pool that is not started.
  /// - Parameters:
  ///   - log: takes what workers write.
  ///   - giveUp: called once when workers fail again and again; nothing is served after it.
  /// - Throws: `WorkerFailure` where the workers cannot fit into the memory.
  public init(
    _ settings: ServeSettings, _ worker: ServeSettings.Worker, pool: PoolSettings,
    log: @escaping @Sendable (WorkerLine) -> Void, giveUp: @escaping @Sendable (WorkerFailure) -> Void
  ) throws {
    self.settings = settings
    self.pool = pool
    self.log = log
    self.giveUp = giveUp
    kind = worker.kind
    var program = WorkerProgram(
      settings, worker, environment: pool.environment, threads: pool.cores / max(1, settings.workers.count))
    // Reserved memory that is never touched counts too, so this is far above what a worker may use.
    program.dataBytes = pool.memoryBytes.map { $0.times(2) }
    self.program = program
    // Python alone can be forked so; a GPU's state cannot, and each worker has to choose its own.
    let forks =
      worker.kind == .python && settings.workers.forks && settings.workers.count > 1 && settings.workers.gpus.isEmpty
      && WorkerChildren.adoptsOrphans
    template = forks ? WorkerTemplate() : nil
    var limits = RequestQueue.Limits()
    limits.requests = pool.queueLength
    limits.rows = settings.batch.rows
    limits.wait = .milliseconds(settings.batch.waitMilliseconds)
    queue = RequestQueue(limits)
    if let limit = pool.memoryBytes, let each = settings.workers.memoryMB {
      try checkFit(first: each << 20, other: each << 20, limit)
    }
  }

  private func checkFit(first: Int, other: Int, _ limit: Int) throws {
    let count = settings.workers.count
    let needed = first.plus(other.times(count - 1))
    let taken = pool.otherBytes(self)
    // The rest is for the server and for what requests need.
    let room = max(0, limit / 10 * 9 - taken)
    guard needed > room else { return }
    let most = max(0, room - first) / max(1, other) + (first <= room ? 1 : 0)
    let others = taken > 0 ? ", of which other models' workers have \(taken >> 20) MiB" : ""
    throw WorkerFailure(
      .memory, "workers.count",
      reason: "\(count) workers need \(needed >> 20) MiB, and the memory limit is \(limit >> 20) MiB\(others)",
      hint: most == 0
        ? "one worker needs \(first >> 20) MiB: raise the memory limit"
        : "at most \(most) fit: lower workers.count, or raise the memory limit")
  }

  // MARK: What is served

  public var platform: String {
    let library = state.withLock { $0.hello?.library } ?? kind.rawValue
    return library.replacing("-", with: "_")
  }

  public var inputs: [TensorSpec] { settings.signature?.inputs ?? state.withLock { $0.hello?.signature.inputs } ?? [] }

  public var outputs: [TensorSpec] {
    if let written = settings.signature?.outputs, !written.isEmpty { return written }
    return state.withLock { $0.hello?.signature.outputs } ?? []
  }

  public var isReady: Bool { state.withLock { !$0.isStopping && $0.alive.count >= settings.workers.minimum } }

  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Processes that serve now.
  public var pids: [Int32] { state.withLock { $0.slots.map(\.pid).filter { $0 > 0 } } }

  var counted: (PoolValues, alive: Int) { state.withLock { ($0.values, $0.alive.count) } }

  /// Runs a request in a worker, as `RemotePredictor` says.
  public func predict(_ request: RemoteRequest) async throws -> [RawTensor] {
    if quarantine.holds(request) {
      state.withLock { $0.values.refused &+= 1 }
      throw WorkerPool.quarantined
    }
    return try await queue.run(request)
  }

  static let quarantined = RequestFailure(
    422,
    "this request ended the worker that ran it: it is refused for \(Quarantine.minutes) minutes, "
      + "because it would end others too")

  private static let longLife = Duration.seconds(60)
  private static let noWorker = (status: 503, message: "no worker is alive")
  private static let stopping = (status: 503, message: "the server is stopping")

  /// Requests wait for a worker that starts anew, but not for ever.
  func closeIfDeserted() {
    state.withLock { state in
      guard let since = state.deserted, .now - since > .seconds(pool.desertedSeconds) else { return }
      // Within the lock, or a worker that greets now would open the queue before it is closed for good.
      queue.close(WorkerPool.noWorker)
    }
  }

  // MARK: The life of the pool

  /// Starts the workers and waits until the first one has loaded the model.
  /// - Throws: `WorkerFailure` where it cannot.
  public func start() async throws {
    let first = try WorkerSlot(0)
    try begin(first)
    _ = startThread { [weak self, template] in
      while let self, self.tick() {}
      template?.stop()
    }
    try await blocking { [self] in
      while true {
        let (isAlive, failure) = state.withLock { ($0.hello != nil, $0.lastFailure) }
        if isAlive { return }
        // Whatever kept the first one from loading will keep the next one from it.
        if let failure {
          state.withLock { $0.isStopping = true }
          throw failure
        }
        usleep(2000)
      }
    }
    do {
      try checkMeasured(first)
      for number in 1..<max(1, settings.workers.count) { try begin(WorkerSlot(number)) }
    } catch {
      await stop(seconds: 1)
      throw error
    }
  }

  /// Waits until the pool is ready: as many workers live as have to.
  /// - Throws: `WorkerFailure` where one of them does not start.
  public func becomeReady() async throws {
    try await blocking { [self] in
      while !isReady {
        let failure = state.withLock { state in
          state.isStopping ? WorkerFailure(.start, "workers", reason: "they were stopped") : state.lastFailure
        }
        if let failure { throw failure }
        usleep(2000)
      }
    }
  }

  /// Bytes that its workers had when they were last looked at, or may have by the settings where those say it.
  public var memoryBytes: Int {
    let (known, count) = state.withLock { state in
      (state.values.memory.values.reduce(state.values.templateMemory) { $0.plus($1) }, state.slots.count)
    }
    guard let each = settings.workers.memoryMB, count > 0 else { return known }
    return max(known, (each << 20).times(settings.workers.count))
  }

  /// The memory limit of the server and its workers together, in bytes; nil for none.
  public var memoryLimit: Int? { pool.memoryBytes }

  /// Bytes that its workers have now.
  public func measuredBytes() -> Int {
    pids.reduce(WorkerPool.memory(template?.pid ?? 0).bytes ?? 0) { $0.plus(WorkerPool.memory($1).bytes ?? 0) }
  }

  private func checkMeasured(_ first: WorkerSlot) throws {
    guard let use = ProcessMemory.ofGroup(first.pid) else { return }
    let (bytes, own) = (Int(clamping: use.bytes), Int(clamping: use.ownBytes))
    if let most = settings.workers.memoryMB, bytes > most << 20 {
      throw WorkerFailure(
        .memory, "workers.memory_mb",
        reason: "a worker has \(bytes >> 20) MiB as soon as it has loaded the model, more than \(most)",
        hint: "raise it: a worker is replaced when it has more")
    }
    guard let limit = pool.memoryBytes else { return }
    guard let loaded = template.flatMap({ ProcessMemory.ofGroup($0.pid) }) else {
      return try checkFit(first: bytes, other: own, limit)
    }
    // What is shared is there once; a further worker has what it does not share.
    try checkFit(first: bytes.plus(Int(clamping: loaded.bytes)), other: Int(clamping: use.privateBytes), limit)
  }

  func begin(_ slot: WorkerSlot) throws {
    state.withLock { $0.slots.append(slot) }
    let started = startThread { [self] in
      WorkerThread(self, slot).run()
      state.withLock { $0.slots.removeAll { $0 === slot } }
    }
    guard started else {
      state.withLock { $0.slots.removeAll { $0 === slot } }
      throw WorkerFailure(.start, "a worker's thread", reason: IOFailure.text(of: EAGAIN))
    }
  }

  /// Answers what waits, then ends all workers. Nothing is taken after it.
  /// - Parameter seconds: how long requests have.
  public func stop(seconds: Int) async {
    let deadline = ContinuousClock.now + .seconds(seconds)
    state.withLock { $0.isStopping = true }
    while ContinuousClock.now < deadline, !queue.isIdle { try? await Task.sleep(for: .milliseconds(5)) }
    queue.close(WorkerPool.stopping)
    for slot in state.withLock({ $0.slots }) { slot.give(.retire) }
    let end = max(deadline, .now) + .seconds(WorkerThread.endSeconds + 1)
    while ContinuousClock.now < end, state.withLock({ !$0.slots.isEmpty }) {
      try? await Task.sleep(for: .milliseconds(5))
    }
    for pid in pids { WorkerChildren.end(pid) }
  }

  // MARK: What threads of workers say

  /// Waits until a worker may be started: after its backoff, and while no other loads.
  /// - Returns: false when it is not to be started any more.
  func waitForTurn(_ slot: WorkerSlot) -> Bool {
    while true {
      let turn: Bool? = state.withLock { state in
        if state.isStopping || state.hasGivenUp || slot.order == .retire { return false }
        guard state.loading == nil, slot.mayStart else { return nil }
        state.loading = ObjectIdentifier(slot)
        return true
      }
      if let turn { return turn }
      usleep(5000)
    }
  }

  func greeted(_ slot: WorkerSlot, _ hello: WorkerHello, seconds: Double) {
    if let most = hello.maxBatch { queue.limit(rows: most) }
    state.withLock { state in
      if state.hello == nil { state.hello = hello }
      state.loading = nil
      state.alive.insert(ObjectIdentifier(slot))
      state.deserted = nil
      state.values.starts &+= 1
      state.values.startSeconds = seconds
      queue.set(workers: state.alive.count)
      // One that has loaded while the server stops must not open what is closed for good.
      if !state.isStopping, !state.hasGivenUp { queue.close(nil) }
    }
    slot.takeOver()?.give(.retire)
  }

  func failed(_ slot: WorkerSlot, _ failure: WorkerFailure) {
    state.withLock { state in
      state.loading = nil
      state.values.failedStarts &+= 1
    }
    // The one that was to be replaced goes on.
    if let kept = slot.takeOver() {
      kept.changeMemory { $0.putOff() }
      return slot.give(.retire)
    }
    countFailure(slot, failure)
  }

  func left(_ slot: WorkerSlot) {
    state.withLock { state in
      state.alive.remove(ObjectIdentifier(slot))
      if state.alive.isEmpty, state.deserted == nil { state.deserted = .now }
      state.values.memory[slot.number] = nil
      queue.set(workers: state.alive.count)
    }
    slot.runs(pid: 0)
    queue.forget(id: Int(bitPattern: ObjectIdentifier(slot)))
  }

  /// A worker that ended without being asked to.
  /// - Parameter wasAsked: whether it ran a request, which is to blame for it then: whoever sends such requests must not
  ///   end the server.
  func died(_ slot: WorkerSlot, _ gone: WorkerBatch.Gone, wasAsked: Bool) {
    state.withLock { $0.values.deaths[gone.cause, default: 0] &+= 1 }
    guard !wasAsked, gone.cause != .memory else { return }
    // One that lived for long did not fail like those before.
    if ContinuousClock.now - slot.memory.since > WorkerPool.longLife { slot.forgetFailures() }
    countFailure(slot, WorkerFailure(.start, "worker \(slot.number)", reason: gone.death.text))
  }

  private func countFailure(_ slot: WorkerSlot, _ failure: WorkerFailure) {
    let failures = slot.countFailure()
    let isLast = state.withLock { state in
      state.lastFailure = failure
      // While one serves, and while another one that did not fail may come to serve, there is no reason to end.
      guard failures >= pool.mostFailures, state.alive.isEmpty, state.slots.allSatisfy({ $0.failures > 0 }),
        !state.hasGivenUp, !state.isStopping
      else { return false }
      state.hasGivenUp = true
      queue.close(WorkerPool.noWorker)
      return true
    }
    if isLast { giveUp(failure) }
  }
}
