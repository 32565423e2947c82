import FoundationEssentials
import OpzIO
import OpzInference
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Workers that share the memory of one process that has loaded the model.
@Suite("opz-server with forked workers")
struct WorkerForkTests {
  let directory: TemporaryDirectory

  init() throws { directory = try .withWorker() }

  /// MiB that the model has.
  private static let size = 96
  private static let workers = 4

  /// A model that says which process answers, and does what it is asked for.
  /// - Parameter load: what else is done when it is loaded.
  private static func code(_ load: String = "pass") -> String {
    """
    import os, signal, time
    data = None
    def load(directory):
        global data
        data = os.urandom(\(size) << 20)
        \(load)
    def predict(frame: dict):
        x = frame["x"][0]
        if x == 66: os.abort()
        if x > 1000:
            print("computes", flush=True)
            end = time.monotonic() + x / 1000
            while time.monotonic() < end: pass
        parent = [line for line in open("/proc/self/status") if line.startswith("PPid")][0].split()[1]
        return {"pid": [float(os.getpid())], "index": [float(os.environ["OPZ_WORKER_INDEX"])], "parent": [float(parent)],
                "sum": [float(sum(data[:1000]))]}
    """
  }

  private func start(_ load: String = "pass", _ change: (inout ServeSettings) -> Void = { _ in }) throws
    -> RunningServer
  {
    var settings = ServeSettings(model: directory.path.string)
    settings.name = "m"
    settings.worker = directory.worker(predict: try directory.write("predict.py", WorkerForkTests.code(load)).string)
    settings.workers.count = WorkerForkTests.workers
    settings.workers.minimum = WorkerForkTests.workers
    settings.batch.rows = 1
    settings.signature = ServeSettings.Signature(
      inputs: [TensorSpec("x", .fp64)], outputs: ["pid", "index", "parent", "sum"].map { TensorSpec($0, .fp64) })
    change(&settings)
    let file = try directory.write("serve.json", String(decoding: settings.json(), as: UTF8.self)).string
    let server = try RunningServer(["--settings", file], ["PYTHONDONTWRITEBYTECODE=1"])
    while try server.ask("GET", "/v2/health/ready")?.status != 200 { usleep(5000) }
    return server
  }

  private struct Answer: Decodable {
    struct Output: Decodable {
      let name: String
      let data: [Double]
    }
    let outputs: [Output]
    subscript(_ name: String) -> Double? { outputs.first { $0.name == name }?.data.first }
  }

  private func ask(_ server: RunningServer, _ x: Double = 1) throws -> Answer? {
    let connection = try send(server, x)
    guard let answer = try connection.receiveResponse(), answer.status == 200 else { return nil }
    return try JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8))
  }

  private func send(_ server: RunningServer, _ x: Double) throws -> RawConnection {
    let body = #"{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[\#(x)]}]}"#
    let connection = try RawConnection(port: server.port)
    connection.send(
      "POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    return connection
  }

  /// The answers of as many requests at once, each of which keeps its worker for a while.
  private func askAll(_ server: RunningServer, _ count: Int) throws -> [Answer] {
    let connections = try (0..<count).map { _ in try send(server, 1500) }
    return try connections.compactMap { connection in
      guard let answer = try connection.receiveResponse(), answer.status == 200 else { return nil }
      return try JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8))
    }
  }

  private func processes() throws -> [Int32] { try WorkerProcesses.of(directory.path.appending("predict.py")) }

  /// Whether a process is a worker that was forked: the one that they are forked from reads a socket.
  private func isForked(_ pid: Int32) -> Bool {
    var target = [UInt8](repeating: 0, count: 200)
    let count = target.withUnsafeMutableBytes {
      readlink("/proc/\(pid)/fd/3", $0.baseAddress!.assumingMemoryBound(to: CChar.self), 200)
    }
    return !String(decoding: target.prefix(max(0, count)), as: UTF8.self).hasPrefix("socket:")
  }

  private func metric(_ server: RunningServer, _ name: String) throws -> Double? {
    try server.ask("GET", "/metrics")?.body.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
  }

  @Test("four workers have the model once, and are the server's own children with what is their own")
  func shared() async throws {
    try await blocking {
      let server = try start()
      let processes = try processes()
      #expect(processes.count == WorkerForkTests.workers + 1)
      let bytes = processes.reduce(0) { $0 + Int(ProcessMemory.of($1)?.bytes ?? 0) }
      // Each Python has some MiB that it does not share.
      #expect(bytes < 2 * WorkerForkTests.size << 20, "\(bytes >> 20) MiB")
      #expect(bytes > WorkerForkTests.size << 20)
      var seen: [Double: Double] = [:]
      var sums: Set<Double> = []
      while seen.count < WorkerForkTests.workers {
        for answer in try askAll(server, WorkerForkTests.workers) {
          #expect(answer["parent"] == Double(server.process.pid))
          seen[try #require(answer["pid"])] = answer["index"]
          sums.insert(try #require(answer["sum"]))
        }
      }
      // What was loaded once is the same for all.
      #expect(sums.count == 1)
      #expect(Set(seen.values) == [0, 1, 2, 3] && Set(seen.keys.map { Int32($0) }).isSubset(of: processes))
      while try metric(server, #"opz_worker_memory_bytes{worker="template"}"#) == nil { usleep(10_000) }
      server.process.send(signal: SIGTERM)
      #expect(server.wait() == 0)
      #expect(try self.processes() == [])
    }
  }

  @Test("a worker that dies is forked anew; so are all after the death of what they are forked from")
  func deaths() async throws {
    try await blocking {
      let server = try start()
      for kills in 1...6 {
        let all = try processes()
        let template = try #require(all.first { pid in ProcessMemory.of(pid) != nil && !isForked(pid) })
        let victim = try #require(all.filter { $0 != template && ProcessMemory.of($0) != nil }.randomElement())
        if kills % 3 == 0 { kill(template, SIGKILL) }
        kill(victim, SIGKILL)
        // It answers meanwhile, and all are there again.
        #expect(try ask(server) != nil)
        while try processes().filter({ ProcessMemory.of($0) != nil }).count < WorkerForkTests.workers + 1
          || server.ask("GET", "/v2/health/ready")?.status != 200
        { usleep(5000) }
      }
      while try metric(server, "opz_worker_alive") != Double(WorkerForkTests.workers) { usleep(10_000) }
      #expect(try metric(server, "opz_worker_start_failures_total") == 0)
      while try WorkerProcesses.zombies(of: server.process.pid) > 0 { usleep(10_000) }
    }
  }

  @Test("a request that ends workers is refused, and the others serve")
  func poison() async throws {
    try await blocking {
      let server = try start()
      #expect(try ask(server, 66) == nil)
      #expect(try ask(server, 66) == nil)
      for _ in 0..<8 { #expect(try ask(server) != nil) }
      #expect(try metric(server, #"opz_worker_deaths_total{cause="signal"}"#) == 2)
    }
  }

  @Test("forked workers end with a server that is killed, even while they compute")
  func killed() async throws {
    try await blocking {
      let server = try start()
      let connections = try (0..<WorkerForkTests.workers).map { _ in try send(server, 600_000) }
      while server.errors.components(separatedBy: "computes").count <= WorkerForkTests.workers { usleep(5000) }
      server.process.send(signal: SIGKILL)
      _ = server.wait()
      while try !processes().isEmpty { usleep(5000) }
      _ = connections
    }
  }

  @Test(
    "a model that cannot be shared is loaded by each worker, and the log says why",
    arguments: [
      ("import threading; threading.Thread(target=lambda: time.sleep(1e6), daemon=True).start()", "started 1 threads"),
      ("import socket; global held; held = socket.create_server(('127.0.0.1', 0))", "socket:"),
      ("global held; held = open(__file__)", "predict.py open"),
      ("import subprocess; subprocess.Popen(['sleep', '1000'])", "started a process"),
    ])
  func alone(_ load: String, _ reason: String) async throws {
    try await blocking {
      let server = try start(load) {
        $0.workers.count = 2; $0.workers.minimum = 2
      }
      #expect(server.errors.contains(reason), "\(server.errors)")
      #expect(server.errors.components(separatedBy: "shares no memory").count == 2)
      var seen: Set<Double> = []
      while seen.count < 2 { seen.formUnion(try askAll(server, 2).compactMap { $0["pid"] }) }
      #expect(try metric(server, #"opz_worker_memory_bytes{worker="template"}"#) == nil)
    }
  }

  @Test("where what is forked does not serve, each worker loads the model itself")
  func unfit() async throws {
    try await blocking {
      let server = try start("os.register_at_fork(after_in_child=lambda: os._exit(3))")
      #expect(server.errors.contains("shares no memory"), "\(server.errors)")
      #expect(try ask(server) != nil)
      #expect(try processes().count == WorkerForkTests.workers)
    }
  }

  @Test("fork: false, and a worker alone, load the model themselves", arguments: [1, 2])
  func off(_ count: Int) async throws {
    try await blocking {
      let server = try start { ($0.workers.count, $0.workers.minimum, $0.workers.forks) = (count, count, count == 1) }
      #expect(try processes().count == count && !server.errors.contains("shares no memory"))
    }
  }
}
