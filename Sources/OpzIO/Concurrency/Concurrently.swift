/// Runs asynchronous work for each item, at most `limit` at a time, and returns the results in the items' order.
/// - Throws: the first error that `work` throws; the other tasks are then canceled.
public func concurrently<Item: Sendable, Value: Sendable>(
  _ items: [Item], limit: Int = 8, _ work: @escaping @Sendable (Item) async throws -> Value
) async throws -> [Value] {
  var results: [Int: Value] = [:]
  try await withThrowingTaskGroup(of: (Int, Value).self) { group in
    var next = 0
    func add() {
      guard next < items.count else { return }
      let (index, item) = (next, items[next])
      next += 1
      group.addTask { (index, try await work(item)) }
    }
    for _ in 0..<max(1, limit) { add() }
    while let (index, value) = try await group.next() {
      results[index] = value
      add()
    }
  }
  return items.indices.compactMap { results[$0] }
}
