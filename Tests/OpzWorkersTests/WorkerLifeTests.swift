import OpzIO
import OpzInference
import Synchronization
import Testing

@testable import OpzWorkers

#if canImport(Glibc)
  import Glibc
#endif

/// What is left of a worker that was replaced, killed or asked too much.
@Suite("Life of workers")
struct WorkerLifeTests {
  let bench: WorkerBench

  init() throws { bench = try WorkerBench() }

  private func pool(
    _ code: String = WorkerPoolTests.code, _ change: (inout ServeSettings) -> Void = { _ in },
    own: (inout PoolSettings) -> Void = { _ in }, giveUp: @escaping @Sendable (WorkerFailure) -> Void = { _ in }
  ) async throws -> WorkerPool {
    var settings = try bench.settings(code: code)
    change(&settings)
    return try await bench.pool(settings, own, giveUp: giveUp)
  }

  private func request(_ what: String, _ x: Double = 1) -> RemoteRequest {
    RemoteRequest(ids: [what], inputs: [.doubles("x", [x]), .texts("do", [what])])
  }

  private func status(_ pool: WorkerPool, _ request: RemoteRequest) async -> Int {
    do {
      _ = try await pool.predict(request)
      return 200
    } catch { return (error as? RequestFailure)?.status ?? 0 }
  }

  // MARK: Replaced

  @Test("a worker that took over starts again after a start that fails, and the one before is gone")
  func takesOver() async throws {
    let code = """
      import os, pathlib
      broken = pathlib.Path(__file__).with_name("broken")
      if broken.exists():
          broken.unlink()
          os._exit(9)
      def predict(frame: dict): return frame["x"]
      """
    let pool = try await pool(code)
    weak let before: WorkerSlot? = pool.state.withLock { $0.slots[0] }
    let pid = try #require(pool.pids.first)
    try pool.begin(WorkerSlot(0, replaces: before))
    let tookOver = await eventually { pool.pids.count == 1 && pool.pids != [pid] && before == nil }
    #expect(tookOver)
    _ = try bench.write("broken", "")
    for pid in pool.pids { kill(pid, SIGKILL) }
    #expect(await status(pool, RemoteRequest(inputs: [.doubles("x", [1])])) == 200)
    #expect(pool.counted.0.failedStarts == 1)
    await pool.stop(seconds: 5)
  }

  @Test("a replacement that does not load leaves the worker to serve, and is not tried again at once")
  func replacementFails() async throws {
    let code = """
      import os, pathlib
      mark = pathlib.Path(__file__).with_name("mark")
      if mark.exists(): os._exit(9)
      mark.touch()
      def predict(frame: dict): return frame["x"]
      """
    let pool = try await pool(code)
    let slot = pool.state.withLock { $0.slots[0] }
    let pids = pool.pids
    try pool.begin(WorkerSlot(0, replaces: slot))
    let failed = await eventually { pool.counted.0.failedStarts == 1 && pool.state.withLock { $0.slots.count == 1 } }
    #expect(failed)
    #expect(pool.pids == pids && !slot.memory.mayBeReplaced() && slot.failures == 0)
    #expect(await status(pool, RemoteRequest(inputs: [.doubles("x", [1])])) == 200)
    await pool.stop(seconds: 5)
  }

  @Test("no process is ended for a worker that has none")
  func endsNothing() throws {
    // Of the group 0, this test is a member.
    WorkerChildren.end(0)
    WorkerChildren.end(-1)
    let other = try ChildProcess.start(["setsid", "sleep", "60"])
    WorkerChildren.end(other.pid)
    #expect(other.poll() == nil)
    other.send(signal: SIGKILL)
    _ = other.wait()
  }

  // MARK: The queue

  @Test("requests whose callers left are not counted as running for ever")
  func leftInBatch() async throws {
    let pool = try await pool()
    let (first, second) = (try Gate(bench, "first"), try Gate(bench, "second"))
    let blocker = Task { await status(pool, request(first.what)) }
    #expect(await first.isReached())
    // One batch of eight: its first half is run again without one that left.
    var tasks: [Task<Int, Never>] = []
    for (number, what) in [second.what, "refuse", "", "", "", "", "", ""].enumerated() {
      tasks.append(Task { await status(pool, request(what, Double(number))) })
      let waits = await eventually { pool.queue.values.waiting == number + 1 }
      #expect(waits)
    }
    try first.open()
    #expect(await second.isReached())
    tasks[2].cancel()
    #expect(await tasks[2].value == 0)
    try second.open()
    var statuses: [Int] = []
    for task in tasks { statuses.append(await task.value) }
    #expect(statuses == [200, 400, 0, 200, 200, 200, 200, 200])
    #expect(await blocker.value == 200)
    let idle = await eventually { pool.queue.isIdle }
    #expect(idle)
    await pool.stop(seconds: 5)
  }

  @Test("a worker that has loaded after the stop opens nothing")
  func greetsLate() async throws {
    let pool = try await pool()
    await pool.stop(seconds: 5)
    let late = try WorkerSlot(0)
    pool.greeted(late, try #require(pool.state.withLock { $0.hello }), seconds: 1)
    var waiting = request("")
    waiting.deadline = .now + .seconds(1)
    #expect(await status(pool, waiting) == 503)
  }

  // MARK: Failures

  @Test("requests that end workers do not end the server")
  func poisonedOften() async throws {
    let failures = Mutex<[WorkerFailure]>([])
    let pool = try await pool(
      WorkerPoolTests.code, { _ in }, own: { $0.mostFailures = 3 },
      giveUp: { failure in failures.withLock { $0.append(failure) } })
    for number in 0..<6 { #expect(await status(pool, request("exit", Double(number))) == 422) }
    #expect(await status(pool, request("")) == 200)
    #expect(failures.withLock { $0.isEmpty } && pool.counted.0.deaths[.exit] == 12)
    await pool.stop(seconds: 5)
  }

  @Test("a worker that never loads does not end the server while another one serves")
  func oneOfTwo() async throws {
    let failures = Mutex<[WorkerFailure]>([])
    let code = """
      import os
      if os.environ["OPZ_WORKER_INDEX"] == "1": os._exit(9)
      def predict(frame: dict): return frame["x"]
      """
    let pool = try await pool(
      code, { $0.workers.count = 2 }, own: { $0.mostFailures = 2 },
      giveUp: { failure in failures.withLock { $0.append(failure) } })
    let failed = await eventually { pool.counted.0.failedStarts >= 4 }
    #expect(failed && failures.withLock { $0.isEmpty })
    #expect(await status(pool, RemoteRequest(inputs: [.doubles("x", [1])])) == 200)
    await pool.stop(seconds: 5)
  }

  @Test("a worker that ends again and again without being asked anything is given up")
  func idleDeaths() async throws {
    let code = """
      import os, threading, time
      def predict(frame: dict): return frame["x"]
      threading.Thread(target=lambda: (time.sleep(0.1), os._exit(5)), daemon=True).start()
      """
    let (gaveUp, end) = AsyncStream<WorkerFailure>.makeStream()
    let pool = try await pool(code, { _ in }, own: { $0.mostFailures = 3 }, giveUp: { end.yield($0) })
    var failures = gaveUp.makeAsyncIterator()
    #expect(await failures.next()?.description.contains("exited with 5") == true)
    await pool.stop(seconds: 1)
  }

  @Test(
    "whatever a model gives back, or does beside predicting, is the request's failure",
    arguments: [
      "{1: [1.0]}", "{'a\\udcff': [1.0]}", "Broken()", "[Broken()]", "circle", "{'p': [[1], [1, 2], circle]}",
      "sys.exit(3)",
      "[2 ** 70]", "[1j]", "{'p': object}", "raise_('\\udcff')",
    ])
  func strange(_ value: String) async throws {
    let code = """
      import sys
      class Broken:
          def __array__(self, *a, **k): raise RuntimeError("no array")
          def __iter__(self): raise RuntimeError("no list")
          def __str__(self): raise RuntimeError("no text")
      circle = []
      circle.append(circle)
      def raise_(text): raise KeyError(text)
      def predict(frame: dict): return [1.0] if frame["x"][0] == 0 else \(value)
      """
    let pool = try await pool(code)
    let pids = pool.pids
    #expect([200, 500].contains(await status(pool, RemoteRequest(inputs: [.doubles("x", [1])]))))
    #expect(await status(pool, RemoteRequest(inputs: [.doubles("x", [0])])) == 200)
    #expect(pool.pids == pids && pool.counted.0.deaths.isEmpty)
    await pool.stop(seconds: 5)
  }

  // MARK: Start

  @Test("a signature that no argument holds reaches the worker")
  func longSignature() async throws {
    let categories = (0..<20_000).map { "category é \($0)" }
    let pool = try await pool("def predict(frame: dict): return frame['x']") {
      $0.signature = .init(inputs: [TensorSpec("x", .bytes, categories: categories)])
    }
    #expect(pool.state.withLock { $0.hello?.signature.inputs.first?.categories } == categories)
    await pool.stop(seconds: 5)
  }

  // MARK: Memory

  @Test("a worker that has more than it may when it has loaded is refused with the figures")
  func tooLarge() async throws {
    let failure = await #expect(throws: WorkerFailure.self) { try await pool { $0.workers.memoryMB = 5 } }
    #expect(failure?.code == .memory && failure?.description.contains("more than 5") == true)
  }

  @Test("workers that are as large as their model are not replaced for it, which is said once")
  func nothingToGain() async throws {
    let pool = try await pool(WorkerPoolTests.code, { _ in }) {
      ($0.memoryBytes, $0.serverBytes, $0.memorySeconds) = (4 << 30, 4 << 30, 0.1)
    }
    let pids = pool.pids
    let said = await eventually { bench.lines.all.contains { $0.stream == "memory" } }
    #expect(said)
    for number in 0..<20 {
      #expect(await status(pool, request("", Double(number))) == 200)
      usleep(20_000)
    }
    #expect(pool.pids == pids && bench.lines.all.count { $0.stream == "memory" } == 1)
    await pool.stop(seconds: 5)
  }

  @Test("workers that are too large as soon as they may be replaced are replaced ever more rarely")
  func pauses() {
    var memory = WorkerMemory()
    memory.begin(1 << 30, seconds: 2)
    let start = memory.since
    #expect(!memory.mayBeReplaced(now: start + .seconds(19)) && memory.mayBeReplaced(now: start + .seconds(20)))
    #expect(!memory.hasGrown(9 << 27) && memory.hasGrown((9 << 27) + 1))
    memory.replaced(now: start + .seconds(21))
    #expect(memory.pause == 40)
    memory.replaced(now: start + .seconds(41))
    memory.begin(1000, seconds: 2)
    #expect(!memory.hasGrown(16 << 20) && memory.hasGrown(17 << 20))
    memory.begin(nil, seconds: 2)
    #expect(memory.pause == 80 && memory.hasGrown(1))
    // One that has served for long is a slow leak.
    memory.replaced(now: memory.since + .seconds(200))
    #expect(memory.pause == 40)
    for _ in 0..<20 { memory.putOff() }
    #expect(memory.pause == 3600)
  }
}
