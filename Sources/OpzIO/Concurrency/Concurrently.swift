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

/// Runs blocking work for each item, a thread of our own for each core, and returns the results in the items' order.
/// - Throws: an error that `work` throws, or `IOFailure` where no thread can be started.
public func inParallel<Item: Sendable, Value: Sendable>(
  _ items: [Item], _ work: @escaping @Sendable (Item) throws -> Value
) async throws -> [Value] {
  let lanes = max(1, min(Cores.count, items.count))
  let next = Counter()
  let parts = try await concurrently(Array(0..<lanes), limit: lanes) { _ in
    try await blocking {
      var results: [(index: Int, value: Value)] = []
      while let index = next.take(below: items.count) { results.append((index, try work(items[index]))) }
      return results
    }
  }
  return parts.flatMap { $0 }.sorted { $0.index < $1.index }.map(\.value)
}
