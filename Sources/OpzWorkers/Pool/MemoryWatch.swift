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
    if getpid() == 1 { WorkerProcess.reapOrphans() }
    watchMemory()
    return true
  }

  private func watchMemory() {
    let slots = state.withLock { state in state.slots.filter { state.alive.contains(ObjectIdentifier($0)) } }
    var uses: [(slot: WorkerSlot, bytes: Int)] = []
    for slot in slots {
      guard slot.pid > 0, let use = MemoryUse.ofGroup(slot.pid) else { continue }
      uses.append((slot, use.bytes))
    }
    state.withLock { state in
      state.values.memory = Dictionary(uses.map { ($0.slot.number, $0.bytes) }, uniquingKeysWith: +)
      for (slot, bytes) in uses where state.baseline[ObjectIdentifier(slot)] == nil && slot.calls >= 20 {
        state.baseline[ObjectIdentifier(slot)] = bytes
      }
    }
    let used = uses.reduce(pool.serverBytes ?? Int(ProcessUsage.now().residentBytes ?? 0)) { $0.plus($1.bytes) }
    if let limit = pool.memoryBytes, used > limit / 10 * 9, let largest = uses.max(by: { $0.bytes < $1.bytes }) {
      return relieve(largest.slot, isUrgent: used > limit / 100 * 97)
    }
    if let grown = uses.first(where: { isGrown($0.slot, $0.bytes) }) { recycle(grown.slot, grown.bytes, used: used) }
  }

  private func isGrown(_ slot: WorkerSlot, _ bytes: Int) -> Bool {
    guard slot.order == .serve else { return false }
    if let most = settings.workers.memoryMB { return bytes > most << 20 }
    guard let baseline = state.withLock({ $0.baseline[ObjectIdentifier(slot)] }) else { return false }
    return bytes > baseline.plus(baseline / 2).plus(pool.growthBytes)
  }

  /// The kernel would end the whole container; so the largest worker ends, after its answer while there is time for it.
  private func relieve(_ slot: WorkerSlot, isUrgent: Bool) {
    if slot.order == .serve { state.withLock { $0.values.recycled &+= 1 } }
    slot.give(.renew)
    guard isUrgent, slot.pid > 0 else { return }
    slot.markOutOfMemory()
    _ = kill(-slot.pid, SIGKILL)
  }

  /// Replaces a worker that has grown: the new one loads first, where there is memory for both. One at a time.
  private func recycle(_ slot: WorkerSlot, _ bytes: Int, used: Int) {
    let isBusy = state.withLock { state in
      state.loading != nil || state.slots.contains { $0.replaces != nil && !state.alive.contains(ObjectIdentifier($0)) }
        || state.slots.contains { $0.order != .serve }
    }
    guard !isBusy else { return }
    state.withLock { $0.values.recycled &+= 1 }
    let fits = pool.memoryBytes.map { used.plus(bytes) < $0 / 100 * 85 } ?? true
    if fits, (try? begin(WorkerSlot(slot.number, replaces: slot))) != nil { return }
    slot.give(.renew)
  }
}
