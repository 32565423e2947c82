import Synchronization
import Testing

@testable import OpzInference

/// What waits, what leaves together, and what is refused.
@Suite("The queue")
struct QueueTests {
  private func tensor(_ name: String, _ values: [UInt8], datatype: Datatype = .uint8) -> RawTensor {
    RawTensor(name, datatype, shape: [values.count], bytes: values)
  }

  private func request(_ values: [UInt8] = [1], name: String = "x") -> RemoteRequest {
    RemoteRequest(inputs: [tensor(name, values)])
  }

  /// Puts requests into a queue, in order; their answers are the tasks' values.
  private func wait(_ queue: RequestQueue, _ requests: [RemoteRequest]) async -> [Task<[RawTensor], any Error>] {
    var tasks: [Task<[RawTensor], any Error>] = []
    for request in requests {
      let before = queue.values.waiting
      tasks.append(Task { try await queue.run(request) })
      while queue.values.waiting == before { try? await Task.sleep(for: .milliseconds(1)) }
    }
    return tasks
  }

  private func take(_ queue: RequestQueue, mayWait: Bool = false) -> [QueuedRequest] {
    guard case .batch(let batch) = queue.take(id: 1, mayWait: mayWait, wake: {}) else { return [] }
    return batch
  }

  private func limits(rows: Int = 64, requests: Int = 256) -> RequestQueue.Limits {
    var limits = RequestQueue.Limits()
    (limits.rows, limits.requests) = (rows, requests)
    return limits
  }

  @Test("what mixes leaves together, up to the most rows, and the rest stays in order")
  func batches() async throws {
    let queue = RequestQueue(limits(rows: 4))
    let tasks = await wait(
      queue, [request([1, 2]), request([3], name: "y"), request([4]), request([5]), request([6])])
    let first = take(queue)
    #expect(first.map { $0.request.inputs[0].bytes } == [[1, 2], [4], [5]])
    let second = take(queue)
    #expect(second.map { $0.request.inputs[0].name } == ["y"])
    let third = take(queue)
    #expect(third.map { $0.request.inputs[0].bytes } == [[6]])
    #expect(take(queue).isEmpty)
    let left = queue.values.left
    #expect(left[.full] == 1 && left[.mismatch] == 1 && left[.idle] == 1)
    for request in first + second + third { request.finish(.success([])) }
    for task in tasks { _ = try await task.value }
  }

  @Test("what differs in outputs, parameters, types or shapes does not mix")
  func mixes() {
    let one = request()
    var outputs = one
    outputs.outputs = ["p"]
    var parameters = one
    parameters.parameters = [123, 125]
    let wide = RemoteRequest(inputs: [RawTensor("x", .uint8, shape: [1, 2], bytes: [1, 2])])
    let signed = RemoteRequest(inputs: [tensor("x", [1], datatype: .int8)])
    let two = RemoteRequest(inputs: [tensor("x", [1]), tensor("y", [1])])
    for other in [outputs, parameters, wide, signed, two] { #expect(!one.mixes(with: other)) }
    #expect(one.mixes(with: request([1, 2, 3])))
    #expect(RemoteRequest(inputs: [tensor("x", [1]), tensor("y", [1, 2])]).commonRows == nil)
  }

  @Test("rows come back to the requests that they came from")
  func split() {
    let texts = RawTensor("t", .bytes, shape: [1], bytes: [1, 0, 0, 0, 97], missing: [])
    let more = RawTensor("t", .bytes, shape: [2], bytes: [0, 0, 0, 0, 2, 0, 0, 0, 98, 99], missing: [0])
    let joined = BatchTensors.join([
      RemoteRequest(ids: ["a"], inputs: [texts]), RemoteRequest(ids: ["b"], inputs: [more]),
    ])
    #expect(joined.ids == ["a", "b"] && joined.inputs[0].shape == [3] && joined.inputs[0].missing == [1])
    let wide = RawTensor("w", .uint16, shape: [3, 2], bytes: Array(0..<12), missing: [1, 2, 5])
    let parts = BatchTensors.split([joined.inputs[0], wide], rows: [1, 2])
    #expect(parts?[0][0] == texts && parts?[1][0] == more)
    #expect(parts?[0][1] == RawTensor("w", .uint16, shape: [1, 2], bytes: Array(0..<4), missing: [1]))
    #expect(parts?[1][1] == RawTensor("w", .uint16, shape: [2, 2], bytes: Array(4..<12), missing: [0, 3]))
    #expect(BatchTensors.split([wide], rows: [1, 1]) == nil)
  }

  @Test("what waits longer than its deadline is not run, and what cannot be run in time is refused")
  func deadlines() async throws {
    let queue = RequestQueue()
    var late = request()
    late.deadline = .now + .seconds(600)
    let waiting = await wait(queue, [late, request([7])])
    #expect(queue.expire(now: .now))
    // No other request has a deadline.
    #expect(!queue.expire(now: .now + .seconds(601)))
    await #expect(throws: RequestFailure(504, "the deadline of the request passed before its answer")) {
      try await waiting[0].value
    }
    #expect(queue.values.waiting == 1 && queue.values.late == 1)
    let batch = take(queue)
    // A call is known to take ten seconds now.
    queue.ran(batch, seconds: 10)
    batch[0].finish(.success([]))
    late.deadline = .now + .seconds(1)
    let refused = await #expect(throws: RequestFailure.self) { try await queue.run(late) }
    #expect(refused?.status == 429 && refused?.retryAfter.map { $0 >= 1 } == true)
    _ = try await waiting[1].value
  }

  @Test("more than fit are refused, and a caller that leaves makes room")
  func full() async throws {
    let queue = RequestQueue(limits(requests: 1))
    let tasks = await wait(queue, [request()])
    let refused = await #expect(throws: RequestFailure.self) { try await queue.run(request()) }
    #expect(refused?.status == 429 && refused?.retryAfter == 1)
    tasks[0].cancel()
    await #expect(throws: CancellationError.self) { try await tasks[0].value }
    #expect(queue.isIdle)
  }

  @Test("requests of a worker that died come first, each alone")
  func again() async throws {
    let queue = RequestQueue()
    let tasks = await wait(queue, [request([1]), request([2])])
    let batch = take(queue)
    #expect(batch.count == 2)
    for request in batch { request.countDeath() }
    queue.again(batch)
    let third = await wait(queue, [request([3])])
    #expect(take(queue).map { $0.request.inputs[0].bytes } == [[1]])
    #expect(take(queue).map { $0.request.inputs[0].bytes } == [[2]])
    for request in batch + take(queue) { request.finish(.success([])) }
    for task in tasks + third { _ = try await task.value }
  }

  @Test("an idle worker is woken once for each request, and another takes over from one that leaves")
  func wakes() async throws {
    let queue = RequestQueue()
    let woken = Mutex<[Int]>([])
    for id in [1, 2] { _ = queue.take(id: id, mayWait: false) { woken.withLock { $0.append(id) } } }
    let tasks = await wait(queue, [request()])
    #expect(woken.withLock { $0 } == [2])
    queue.forget(id: 2)
    #expect(woken.withLock { $0 } == [2, 1])
    queue.close((503, "the end"))
    await #expect(throws: RequestFailure(503, "the end", retryAfter: 1)) { try await tasks[0].value }
  }

  @Test("a small batch waits for others, never longer than it may, and only where it pays")
  func waiting() async throws {
    var limits = limits()
    limits.wait = .seconds(600)
    let queue = RequestQueue(limits)
    let tasks = await wait(queue, [request([1]), request([2])])
    // Nothing is known about the cost of a call.
    let first = take(queue, mayWait: true)
    #expect(first.count == 2)
    queue.ran(first, seconds: 1)
    queue.ran([], seconds: 1)
    let more = await wait(queue, [request([3]), request([4])])
    guard case .later(let until) = queue.take(id: 1, mayWait: true, wake: {}) else {
      Issue.record("it does not wait")
      return
    }
    #expect(until <= .now + limits.wait)
    let second = take(queue, mayWait: false)
    #expect(second.count == 2)
    for request in first + second { request.finish(.success([])) }
    for task in tasks + more { _ = try await task.value }
  }

  @Test("the cost of a call is learned")
  func cost() {
    var cost = CallCost()
    for rows in [1, 2, 5, 10, 3, 8] { cost.learn(rows: rows, seconds: 0.01 + 0.001 * Double(rows)) }
    #expect(abs(cost.call - 0.01) < 1e-6 && abs(cost.row - 0.001) < 1e-6)
    var even = CallCost()
    for _ in 0..<100 { even.learn(rows: 4, seconds: 0.004) }
    #expect(abs(even.seconds(rows: 4) - 0.004) < 1e-9)
  }
}
