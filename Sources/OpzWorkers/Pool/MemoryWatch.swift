import OpzIO
import OpzInference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What one thread does for all workers: deadlines of requests, and memory.
extension WorkerPool {
  /// One round.
  /// - Returns: whether there is another.
  func tick() -> Bool {
    let began = ContinuousClock.now
    var hasDeadlines = false
    repeat {
      hasDeadlines = queue.expire()
      usleep(hasDeadlines ? 5000 : 50_000)
      if state.withLock({ $0.isStopping && $0.slots.isEmpty }) { return false }
    } while ContinuousClock.now - began < .seconds(pool.memorySeconds)
    closeIfDeserted()
    WorkerChildren.reapOrphans()
    watchMemory()
    return true
  }

  /// A worker and what it has now. Its process may end meanwhile and another take its place, so that its number is read
  /// once.
  private struct Use {
    let slot: WorkerSlot
    let pid: Int32
    let bytes: Int
    /// Of these, what it shares with no other process.
    let own: Int
  }

  private func watchMemory() {
    let slots = state.withLock { state in state.slots.filter { state.alive.contains(ObjectIdentifier($0)) } }
    let uses = slots.compactMap { slot -> Use? in
      let pid = slot.pid
      guard case (let bytes?, let own?) = WorkerPool.memory(pid) else { return nil }
      slot.changeMemory { $0.measured(own, calls: slot.calls) }
      return Use(slot: slot, pid: pid, bytes: bytes, own: own)
    }
    let loaded = WorkerPool.memory(template?.pid ?? 0).bytes ?? 0
    state.withLock { state in
      state.values.memory = Dictionary(uses.map { ($0.slot.number, $0.bytes) }, uniquingKeysWith: +)
      state.values.templateMemory = loaded
    }
    let others = loaded.plus(pool.otherBytes(self)).plus(pool.serverBytes ?? Int(ProcessUsage.now().residentBytes ?? 0))
    let used = uses.reduce(others) { $0.plus($1.bytes) }
    if let limit = pool.memoryBytes, used > limit / 10 * 9 { return relieve(uses, used, limit: limit) }
    if let grown = uses.first(where: { isTooLarge($0) }) { recycle(grown, used) }
  }

  /// What a worker and all that it started have, in bytes, and of that what they share with nobody; nil where the kernel
  /// does not say it.
  static func memory(_ pid: Int32) -> (bytes: Int?, own: Int?) {
    let memory = ProcessMemory.ofGroup(pid)
    return (memory.map { Int(clamping: $0.bytes) }, memory.map { Int(clamping: $0.privateBytes) })
  }

  private func isTooLarge(_ use: Use) -> Bool {
    let memory = use.slot.memory
    guard use.slot.order == .serve, memory.mayBeReplaced() else { return false }
    if let most = settings.workers.memoryMB {
      guard use.bytes > most << 20 else { return false }
      if memory.isEarly() {
        tellOnce(
          use.slot,
          "it has \(use.bytes >> 20) MiB when it has hardly served, and workers.memory_mb is \(most): it is replaced ever "
            + "more rarely; raise workers.memory_mb")
      }
      return true
    }
    guard let settled = memory.settled else { return false }
    return use.own > settled.plus(settled / 2).plus(pool.growthBytes)
  }

  /// The kernel would end the whole container; so the largest worker that a new one would be smaller than ends, after its
  /// answer while there is time for it.
  private func relieve(_ uses: [Use], _ used: Int, limit: Int) {
    let grown = uses.filter { $0.slot.memory.hasGrown($0.own) }
    guard let largest = grown.max(by: { $0.own < $1.own }) else {
      guard let any = uses.first else { return }
      return tellOnce(
        any.slot,
        "server and workers have \(used >> 20) MiB of \(limit >> 20) MiB when the model is hardly loaded: lower "
          + "workers.count, or raise the memory limit")
    }
    let slot = largest.slot
    let isUrgent = used > limit / 100 * 97
    guard isUrgent || slot.memory.mayBeReplaced() else { return }
    if slot.order == .serve {
      state.withLock { $0.values.recycled &+= 1 }
      slot.changeMemory { $0.replaced() }
    }
    slot.give(.renew)
    guard isUrgent else { return }
    slot.markOutOfMemory()
    WorkerChildren.end(largest.pid)
  }

  /// Replaces a worker that has grown: the new one loads first, where there is memory for both. One at a time.
  private func recycle(_ use: Use, _ used: Int) {
    let isBusy = state.withLock { state in
      state.loading != nil || state.slots.contains { $0.isReplacement || $0.order != .serve }
    }
    guard !isBusy else { return }
    state.withLock { $0.values.recycled &+= 1 }
    use.slot.changeMemory { $0.replaced() }
    let fits = pool.memoryBytes.map { used.plus(use.bytes) < $0 / 100 * 85 } ?? true
    if fits, (try? begin(WorkerSlot(use.slot.number, replaces: use.slot))) != nil { return }
    use.slot.give(.renew)
  }

  /// Says what is wrong with the settings, which does not change while the server runs.
  private func tellOnce(_ slot: WorkerSlot, _ text: String) {
    let isFirst = state.withLock { state in
      defer { state.hasToldMemory = true }
      return !state.hasToldMemory
    }
    if isFirst { log(WorkerLine(worker: slot.number, stream: "memory", requests: [], text: text)) }
  }
}
