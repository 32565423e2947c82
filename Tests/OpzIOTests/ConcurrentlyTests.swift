import OpzIO
import Synchronization
import Testing

@Suite("Bounded concurrency")
struct ConcurrentlyTests {
  private struct Refusal: Error, Equatable { let item: Int }

  @Test("results have the items' order, whatever the limit", arguments: [0, 1, 3, 8, 100])
  func order(limit: Int) async {
    let found = await concurrently(Array(0..<50), limit: limit) { item in
      for _ in 0..<(item % 7) { await Task.yield() }
      return item * 2
    }
    #expect(found == (0..<50).map { $0 * 2 })
  }

  @Test("no items, no work")
  func none() async throws {
    #expect(await concurrently([Int]()) { $0 } == [])
    #expect(try inParallel([Int]()) { $0 } == [])
  }

  @Test("never more at a time than the limit", arguments: [1, 2, 5])
  func limit(limit: Int) async {
    let running = Mutex((now: 0, most: 0))
    _ = await concurrently(Array(0..<40), limit: limit) { _ in
      running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      for _ in 0..<10 { await Task.yield() }
      running.withLock { $0.now -= 1 }
    }
    #expect(running.withLock { $0.most } <= limit)
  }

  @Test("an error ends it: nothing that had not begun begins")
  func failure() async {
    let begun = Mutex(0)
    let error = await #expect(throws: Refusal.self) {
      try await concurrently(Array(0..<1000), limit: 2) { item in
        begun.withLock { $0 += 1 }
        if item == 5 { throw Refusal(item: item) }
      }
    }
    #expect(error == Refusal(item: 5))
    #expect(begun.withLock { $0 } < 1000)
  }

  @Test("blocking work on threads gives all results in order", arguments: [0, 1, 3, 100])
  func threads(count: Int) throws {
    #expect(try inParallel(Array(0..<500), threads: count) { $0 + 1 } == Array(1...500))
  }

  @Test("a thread that fails lets no other begin")
  func failingThread() {
    let begun = Mutex(0)
    #expect(throws: Refusal(item: 9)) {
      try inParallel(Array(0..<1_000_000), threads: 3) { item in
        begun.withLock { $0 += 1 }
        if item == 9 { throw Refusal(item: item) }
      }
    }
    #expect(begun.withLock { $0 } < 1_000_000)
  }
}
