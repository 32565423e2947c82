import OpzIO
import OpzInference
import OpzWorkers
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Workers that do not start")
struct WorkerStartTests {
  let bench: WorkerBench

  init() throws { bench = try WorkerBench() }

  @Test(
    "what keeps a worker from loading is said",
    arguments: [
      ("import nothing_of_this_name", "nothing_of_this_name"), ("x = 1", "has no function 'predict'"),
      ("import os; os._exit(7)", "exited with 7"), ("import os; os.abort()", "signal 6"),
      ("import os; os.write(4, b'x' * 40); import time; time.sleep(9)", "a frame of"),
      ("def predict(frame): pass\nbatch = 'many'", "'batch' is 'many'"),
    ])
  func load(_ code: String, _ said: String) async throws {
    let settings = try bench.settings(code: code)
    let failure = await #expect(throws: WorkerFailure.self) { try await bench.pool(settings) }
    #expect(failure?.description.contains(said) == true, "\(failure?.description ?? "")")
  }

  @Test("a program that does not exist is named")
  func program() async throws {
    var settings = try bench.settings(code: "")
    settings.worker?.command = ["/nowhere/python3"]
    let failure = await #expect(throws: WorkerFailure.self) { try await bench.pool(settings) }
    #expect(failure?.description.contains("/nowhere/python3") == true, "\(failure?.description ?? "")")
  }

  @Test("a model that takes too long to load is given up")
  func slow() async throws {
    var settings = try bench.settings(code: "import time; time.sleep(60)")
    settings.workers.startSeconds = 1
    let failure = await #expect(throws: WorkerFailure.self) { try await bench.pool(settings) }
    #expect(failure?.description.contains("did not load the model in 1 s") == true)
  }

  @Test("workers that do not fit into the memory are refused, before and after one was measured")
  func memory() async throws {
    var settings = try bench.settings(code: "def predict(frame: dict): return [1.0]")
    settings.workers.count = 3
    settings.workers.memoryMB = 400
    let failure = await #expect(throws: WorkerFailure.self) {
      try await bench.pool(settings) { $0.memoryBytes = 1 << 30 }
    }
    #expect(failure?.description.contains("at most 2 fit") == true, "\(failure?.description ?? "")")
    let beside = await #expect(throws: WorkerFailure.self) {
      try await bench.pool(settings) { pool in
        pool.memoryBytes = 2 << 30
        pool.otherBytes = { _ in 700 << 20 }
      }
    }
    let said = beside?.description ?? ""
    #expect(said.contains("other models' workers have 700 MiB") && said.contains("at most 2 fit"), "\(said)")
    settings.workers.memoryMB = nil
    settings.workers.count = 200
    let measured = await #expect(throws: WorkerFailure.self) {
      try await bench.pool(settings) { $0.memoryBytes = 200 << 20 }
    }
    #expect(measured?.code == .memory, "\(measured?.description ?? "")")
  }

  @Test("a worker that dies again and again is given up")
  func crashLoop() async throws {
    let code = """
      import os, sys, pathlib
      mark = pathlib.Path(__file__).with_name("mark")
      if mark.exists(): os._exit(9)
      mark.touch()
      def predict(frame: dict): os._exit(1)
      """
    let (gaveUp, end) = AsyncStream<WorkerFailure>.makeStream()
    let pool = try await bench.pool(
      try bench.settings(code: code), { $0.mostFailures = 4 }, giveUp: { end.yield($0) })
    let request = RemoteRequest(inputs: [.doubles("x", [1])])
    await #expect(throws: RequestFailure.self) { try await pool.predict(request) }
    var failures = gaveUp.makeAsyncIterator()
    #expect(await failures.next()?.description.contains("exited with 9") == true)
    #expect(!pool.isReady)
    await pool.stop(seconds: 1)
  }
}
