#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs asynchronous work for each item, at most `limit` at a time, and returns the results in the items' order.
/// - Throws: the first error that `work` throws; the other tasks are then canceled.
public func concurrently<Item: Sendable, Value: Sendable, Problem: Error>(
  _ items: [Item], limit: Int = 8, _ work: @escaping @Sendable (Item) async throws(Problem) -> Value
) async throws(Problem) -> [Value] {
  let results = await withTaskGroup(of: (Int, Result<Value, Problem>).self) { group in
    var results: [Int: Value] = [:]
    var next = 0
    func add() {
      guard next < items.count else { return }
      let (index, item) = (next, items[next])
      next += 1
      group.addTask {
        do throws(Problem) { return (index, .success(try await work(item))) } catch { return (index, .failure(error)) }
      }
    }
    for _ in 0..<max(1, limit) { add() }
    while let (index, result) = await group.next() {
      switch result {
      case .success(let value): results[index] = value
      case .failure(let problem):
        group.cancelAll()
        return Result<[Int: Value], Problem>.failure(problem)
      }
      add()
    }
    return .success(results)
  }
  let values = try results.get()
  return items.indices.compactMap { values[$0] }
}

/// Runs blocking work for each item on threads of its own, and returns the results in the items' order. Blocks.
/// - Parameters:
///   - threads: how many run at a time; fewer where the system cannot start so many.
///   - stackBytes: the size of each thread's stack in bytes.
/// - Throws: an error that `work` threw, after which no further item is begun; `IOFailure` (`EAGAIN`) when not one
///   thread can be started.
public func inParallel<Item: Sendable, Value: Sendable>(
  _ items: [Item], threads: Int = Cores.count, stackBytes: Int = 1 << 20,
  _ work: @escaping @Sendable (Item) throws -> Value
) throws -> [Value] {
  let next = Counter()
  let lanes = max(1, min(threads, items.count))
  let state = Monitor((results: [(index: Int, value: Value)](), ended: 0, problem: (any Error)?.none))
  for _ in 0..<lanes {
    let started = startThread(stackBytes: stackBytes) {
      var own: [(index: Int, value: Value)] = []
      let end = Result {
        while let index = next.take(below: items.count) { own.append((index, try work(items[index]))) }
      }
      if case .failure = end { next.exhaust() }
      state.change {
        $0.results += own
        $0.ended += 1
        if case .failure(let error) = end, $0.problem == nil { $0.problem = error }
      }
    }
    // The threads that did start take over the items.
    if !started { state.change { $0.ended += 1 } }
  }
  let done = state.wait { $0.ended == lanes ? $0 : nil }
  if let problem = done.problem { throw problem }
  guard done.results.count == items.count else {
    throw IOFailure(errno: EAGAIN, operation: "pthread_create", path: "")
  }
  return done.results.sorted { $0.index < $1.index }.map(\.value)
}
