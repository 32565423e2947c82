import OpzIO
import OpzInference
import OpzWorkers
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What a model's code may do to its worker, and what is left of it for others.
@Suite("Workers")
struct WorkerPoolTests {
  let bench: WorkerBench

  init() throws { bench = try WorkerBench() }

  static let code = """
    import os, signal, sys, time
    import numpy as np
    import pandas as pd
    kept = []
    batch = 8
    def predict(frame: pd.DataFrame):
        for what, value in zip(frame.get("do", []), frame["x"]):
            if what == "abort": os.abort()
            if what == "exit": os._exit(3)
            if what == "segfault":
                import ctypes; ctypes.string_at(0)
            if what == "raise": raise RuntimeError("it broke")
            if what == "refuse": raise ValueError("x is strange")
            if what == "sleep":
                try: time.sleep(60)
                except Exception: pass
            if what == "hang":
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                while True: time.sleep(1)
            if what == "print":
                print("a line on stdout"); print("one on stderr", file=sys.stderr); os.write(1, b"raw bytes\\n")
            if what == "fork":
                if os.fork() == 0:
                    time.sleep(30); os._exit(0)
            if what == "grandchild":
                os.system("sleep 30 &")
                os.abort()
            if what == "leak": kept.append(bytearray(os.urandom(1 << 20) * 64))
            if what == "large": return {"prediction": [b"x" * (3 << 20)] * len(frame)}
            if what == "rows": return [1.0]
            if what == "garbage": os.write(4, b"x" * 100)
            if what.startswith("mark "): open(what[5:], "a").close()
            if what.startswith("gate "):
                # Until the file is gone.
                open(what[5:] + ".reached", "a").close()
                while os.path.exists(what[5:]): time.sleep(0.002)
        return {"prediction": frame["x"] * 2, "pid": [os.getpid()] * len(frame), "rows": [len(frame)] * len(frame)}
    """

  private func pool(
    count: Int = 1, _ change: (inout ServeSettings) -> Void = { _ in }, _ own: (inout PoolSettings) -> Void = { _ in }
  ) async throws -> WorkerPool {
    var settings = try bench.settings(code: WorkerPoolTests.code)
    settings.workers.count = count
    change(&settings)
    return try await bench.pool(settings, own)
  }

  private func request(_ what: String, _ x: Double = 1) -> RemoteRequest {
    RemoteRequest(ids: [what], inputs: [.doubles("x", [x]), .texts("do", [what])])
  }

  private func failure(_ pool: WorkerPool, _ request: RemoteRequest) async -> RequestFailure? {
    do {
      _ = try await pool.predict(request)
      return nil
    } catch { return error as? RequestFailure }
  }

  private func answers(_ pool: WorkerPool, _ x: Double = 3) async throws -> Bool {
    try await pool.predict(request("", x)).first?.doubles == [2 * x]
  }

  @Test("what is raised is the caller's or the model's, and the worker goes on")
  func failures() async throws {
    let pool = try await pool()
    let pids = pool.pids
    let refused = await failure(pool, request("refuse"))
    #expect(refused?.status == 400 && refused?.message == "x is strange")
    let broken = await failure(pool, request("raise"))
    #expect(broken?.status == 500 && broken?.message == "RuntimeError: it broke")
    #expect(await failure(pool, RemoteRequest(inputs: [.doubles("y", [1])]))?.status == 500)
    #expect(try await answers(pool))
    #expect(pool.pids == pids)
    #expect(bench.lines.all.contains { $0.text.contains("it broke") && $0.stream == "stderr" })
    await pool.stop(seconds: 5)
    #expect(pool.pids.isEmpty && !pool.isReady)
  }

  @Test("a request that ends two workers is refused from then on", arguments: ["abort", "exit", "segfault", "garbage"])
  func poison(_ what: String) async throws {
    let pool = try await pool()
    #expect(await failure(pool, request(what))?.status == 422)
    #expect(try await answers(pool))
    let pids = pool.pids
    // Without a worker that would have to die for it.
    #expect(await failure(pool, request(what))?.status == 422)
    #expect(pool.pids == pids)
    // Another request is another one.
    #expect(try await pool.predict(request("", 5))[0].doubles == [10])
    await pool.stop(seconds: 5)
  }

  @Test("in a batch, only the request that ends workers fails")
  func poisonedBatch() async throws {
    let pool = try await pool()
    let results = await withTaskGroup(of: (Int, Bool).self) { group in
      for number in 0..<24 {
        group.addTask {
          let bad = number == 5
          do {
            let outputs = try await pool.predict(request(bad ? "abort" : "", Double(number)))
            return (number, !bad && outputs[0].doubles == [2 * Double(number)])
          } catch { return (number, bad && (error as? RequestFailure)?.status == 422) }
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(results.count == 24 && results.values.allSatisfy { $0 }, "\(results)")
    await pool.stop(seconds: 5)
  }

  @Test("in a batch, only the request that is wrong fails")
  func brokenBatch() async throws {
    let pool = try await pool()
    let results = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<40 {
        group.addTask {
          let bad = number % 10 == 3
          do {
            let outputs = try await pool.predict(request(bad ? "refuse" : "", Double(number)))
            return !bad && outputs[0].doubles == [2 * Double(number)]
          } catch { return bad && (error as? RequestFailure)?.message == "x is strange" }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.count == 40 && results.allSatisfy { $0 })
    await pool.stop(seconds: 5)
  }

  @Test("a call that takes too long is interrupted, and the worker goes on")
  func slow() async throws {
    let pool = try await pool { $0.workers.requestSeconds = 1 }
    let pids = pool.pids
    #expect(await failure(pool, request("sleep"))?.status == 504)
    #expect(try await answers(pool))
    #expect(pool.pids == pids)
    await pool.stop(seconds: 5)
  }

  @Test("in a batch, only the request that takes too long fails", arguments: ["sleep", "hang"])
  func slowBatch(_ what: String) async throws {
    let pool = try await pool({ $0.workers.requestSeconds = 1 }, { $0.interruptSeconds = 0.2 })
    let results = await withTaskGroup(of: Int.self) { group in
      for number in 0..<8 {
        group.addTask { await failure(pool, request(number == 3 ? what : "", Double(number)))?.status ?? 200 }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.sorted() == [200, 200, 200, 200, 200, 200, 200, 504])
    await pool.stop(seconds: 5)
  }

  @Test("one that cannot be interrupted is killed")
  func hang() async throws {
    let pool = try await pool({ $0.workers.requestSeconds = 1 }, { $0.interruptSeconds = 0.2 })
    let pids = pool.pids
    #expect(await failure(pool, request("hang"))?.status == 504)
    #expect(try await answers(pool))
    #expect(pool.pids != pids)
    #expect(await failure(pool, request("hang"))?.status == 422)
    await pool.stop(seconds: 5)
  }

  @Test("output to stdout and stderr goes to the log with the request's id, and never into a frame")
  func output() async throws {
    let pool = try await pool()
    #expect(try await pool.predict(request("print"))[0].doubles == [2])
    let all = await eventually { bench.lines.all.count { $0.requests == ["print"] } >= 3 }
    #expect(all, "\(bench.lines.all)")
    #expect(bench.lines.all.contains { $0.text == "raw bytes" && $0.stream == "stdout" })
    await pool.stop(seconds: 5)
  }

  @Test("a process that the worker leaves behind with its pipes does not hide its death", arguments: ["grandchild"])
  func grandchild(_ what: String) async throws {
    let pool = try await pool()
    #expect(try await pool.predict(request("fork"))[0].doubles == [2])
    #expect(await failure(pool, request(what))?.status == 422)
    #expect(try await answers(pool))
    await pool.stop(seconds: 5)
  }

  @Test("an answer that is too large, or of other rows, is refused and nothing else")
  func answerSize() async throws {
    let pool = try await pool({ _ in }, { $0.answerBytes = 1 << 20 })
    let pids = pool.pids
    #expect(await failure(pool, request("large"))?.status == 413)
    let two = RemoteRequest(inputs: [.doubles("x", [1, 2]), .texts("do", ["rows", ""])])
    #expect(await failure(pool, two)?.status == 500)
    #expect(try await answers(pool))
    #expect(pool.pids == pids)
    await pool.stop(seconds: 5)
  }

  @Test("a worker that grows is replaced by one that loads first")
  func leak() async throws {
    let pool = try await pool({ _ in }, { ($0.growthBytes, $0.memorySeconds) = (64 << 20, 0.05) })
    let first = try await pool.predict(request(""))[1].integers
    for _ in 0..<25 { #expect(try await answers(pool)) }
    let replaced = try await eventually {
      let outputs = try await pool.predict(request(pool.pids.map(Int64.init) == first ? "leak" : ""))
      return outputs[1].integers != first
    }
    #expect(replaced)
    await pool.stop(seconds: 5)
  }

  @Test("near the memory limit the largest worker is replaced, and no request fails")
  func nearLimit() async throws {
    let pool = try await pool({ _ in }) {
      ($0.memoryBytes, $0.serverBytes, $0.memorySeconds) = (600 << 20, 0, 0.05)
      $0.growthBytes = 1 << 40
    }
    let first = try await pool.predict(request(""))[1].integers
    let replaced = try await eventually {
      // 64 MiB are kept at each call.
      try await pool.predict(request("leak"))[1].integers != first
    }
    #expect(replaced)
    await pool.stop(seconds: 5)
  }

  @Test("a request is put on workers that live while others are killed at random")
  func killed() async throws {
    let pool = try await pool(count: 2)
    let started = await eventually { pool.pids.count == 2 }
    #expect(started)
    let killer = Task {
      for _ in 0..<6 {
        try? await Task.sleep(for: .milliseconds(300))
        if let pid = pool.pids.randomElement() { kill(pid, SIGKILL) }
      }
    }
    // A request that was in two workers which were killed is refused as if it had ended them.
    let wrong = await withTaskGroup(of: [String].self) { group in
      for client in 0..<4 {
        group.addTask {
          var wrong: [String] = []
          for number in 0..<200 {
            let x = Double(client * 1000 + number)
            do {
              if try await pool.predict(request("", x))[0].doubles != [2 * x] { wrong.append("wrong \(x)") }
            } catch let failure as RequestFailure where failure.status == 422 {
              continue
            } catch { wrong.append("\(error)") }
          }
          return wrong
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    _ = await killer.value
    #expect(wrong.isEmpty, "\(wrong)")
    await pool.stop(seconds: 5)
  }

  @Test("a pool is ready while its minimum of workers serves, and takes no more once it stops")
  func readiness() async throws {
    let pool = try await pool(count: 2) { $0.workers.minimum = 2 }
    let ready = await eventually { pool.isReady }
    #expect(ready)
    for pid in pool.pids { kill(pid, SIGSTOP) }
    // It is stopped, not dead.
    #expect(pool.isReady)
    for pid in pool.pids.prefix(1) { kill(pid, SIGKILL) }
    let unready = await eventually { !pool.isReady }
    #expect(unready)
    for pid in pool.pids { kill(pid, SIGCONT) }
    let again = await eventually { pool.isReady }
    #expect(again)
    async let last = pool.predict(request("", 4))
    #expect(try await last[0].doubles == [8])
    await pool.stop(seconds: 5)
    #expect(await failure(pool, request(""))?.status == 503)
  }

  @Test("requests wait for a worker that starts again, and are refused once none comes")
  func deserted() async throws {
    let code = """
      import os, pathlib, time
      starts = pathlib.Path(__file__).with_name("starts")
      starts.write_text(starts.read_text() + "x" if starts.exists() else "x")
      if len(starts.read_text()) == 2: time.sleep(60)
      def predict(frame: dict):
          if frame["x"][0] == 0: os._exit(1)
          return frame["x"]
      """
    let pool = try await bench.pool(try bench.settings(code: code)) {
      ($0.desertedSeconds, $0.memorySeconds) = (1, 0.05)
    }
    let dies = RemoteRequest(inputs: [.doubles("x", [0])])
    // It waits for the second worker, which takes a minute to load.
    #expect(await failure(pool, dies)?.status == 503)
    #expect(await failure(pool, RemoteRequest(inputs: [.doubles("x", [1])]))?.status == 503)
    #expect(!pool.isReady)
    await pool.stop(seconds: 1)
  }

  @Test("a deadline that passes while others run is answered at once, and the request is not run")
  func deadline() async throws {
    let pool = try await pool()
    let gate = try Gate(bench)
    let slow = Task { try await pool.predict(request(gate.what)) }
    #expect(await gate.isReached())
    let mark = bench.directory.path.appending("mark")
    var late = request("mark \(mark)")
    late.deadline = .now + .milliseconds(200)
    // The gate is closed, so this is answered before the worker has answered anything.
    #expect(await failure(pool, late)?.status == 504)
    var past = request("mark \(mark)")
    past.deadline = .now - .seconds(1)
    #expect(await failure(pool, past)?.status == 504)
    try gate.open()
    #expect(try await slow.value[0].doubles == [2])
    #expect(try await answers(pool))
    #expect(try FileStatus.find(mark) == nil)
    #expect(try await pool.predict(request("mark \(mark)"))[0].doubles == [2])
    #expect(try FileStatus.find(mark) != nil)
    await pool.stop(seconds: 5)
  }

  @Test("more than the queue holds is refused with the time after which to try again")
  func queueLength() async throws {
    let pool = try await pool({ $0.workers.requestSeconds = 2 }, { $0.queueLength = 2 })
    let slow = Task { await failure(pool, request("sleep")) }
    try await Task.sleep(for: .milliseconds(100))
    let statuses = await withTaskGroup(of: Int.self) { group in
      for number in 0..<6 {
        group.addTask {
          do {
            _ = try await pool.predict(request("", Double(number)))
            return 200
          } catch { return (error as? RequestFailure).map { $0.retryAfter == nil ? -1 : $0.status } ?? 0 }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.contains(429) && statuses.allSatisfy { [200, 429].contains($0) }, "\(statuses)")
    _ = await slow.value
    await pool.stop(seconds: 5)
  }

  @Test("a caller that leaves frees its place")
  func leaves() async throws {
    let pool = try await pool({ $0.workers.requestSeconds = 2 }, { $0.queueLength = 1 })
    let slow = Task { await failure(pool, request("sleep")) }
    try await Task.sleep(for: .milliseconds(200))
    let waiting = Task { try await pool.predict(request("abort")) }
    try await Task.sleep(for: .milliseconds(100))
    waiting.cancel()
    await #expect(throws: (any Error).self) { try await waiting.value }
    // The place is free, and what left is not run.
    #expect(try await answers(pool))
    _ = await slow.value
    await pool.stop(seconds: 5)
  }
}

/// Workers that do not come to serve.
