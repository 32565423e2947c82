import Synchronization
import Testing

@testable import OpzInference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Threads for long work")
struct ScoringThreadsTests {
  @Test("A caller that leaves frees its place, and its work is not run")
  func leaves() async throws {
    let threads = ScoringThreads(count: 2, memory: 100)
    let (gate, hasRun) = (Gate(), Gate())
    let first = Task { try await threads.run(memory: 60) { gate.wait() } }
    while !gate.isEntered { await Task.yield() }
    // It does not fit beside the first, and keeps the one behind it waiting.
    let large = Task { try await threads.run(memory: 60) { hasRun.open() } }
    while threads.waiting < 1 { await Task.yield() }
    let small = Task { try await threads.run(memory: 10) { 7 } }
    while threads.waiting < 2 { await Task.yield() }
    large.cancel()
    await #expect(throws: CancellationError.self) { try await large.value }
    #expect(try await small.value == 7)
    #expect(!hasRun.isOpen && threads.waiting == 0)
    gate.open()
    try await first.value
    // All of the memory is free again.
    try await threads.run(memory: 100) {}
  }

  @Test("Work of a caller that left before it began is not run")
  func cancelled() async throws {
    let threads = ScoringThreads(count: 1, memory: 100)
    let (isCancelled, hasRun) = (Gate(), Gate())
    let task = Task {
      while !isCancelled.isOpen { await Task.yield() }
      try await threads.run(memory: 1) { hasRun.open() }
    }
    task.cancel()
    isCancelled.open()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!hasRun.isOpen)
    #expect(try await threads.run(memory: 1) { 1 } == 1)
  }
}

/// Holds a thread until it is opened.
final class Gate: Sendable {
  private let entered = Atomic(false)
  private let opened = Atomic(false)

  var isEntered: Bool { entered.load(ordering: .acquiring) }
  var isOpen: Bool { opened.load(ordering: .acquiring) }

  func open() { opened.store(true, ordering: .releasing) }

  func wait() {
    entered.store(true, ordering: .releasing)
    while !isOpen { usleep(1000) }
  }
}
