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

/// The program in front of a Python model.
@Suite("opz-server with workers")
struct WorkerServerTests {
  let directory: TemporaryDirectory

  init() throws { directory = try .withWorker() }

  private static let code = """
    import os, sys, time
    def load(directory):
        if os.path.exists(os.path.join(directory, "broken")): raise RuntimeError("the file is broken")
    def predict(frame: dict):
        print("called")
        x = frame["x"]
        if 13 in x: raise ValueError("13 is refused")
        if 66 in x: os.abort()
        if any(value > 1000 for value in x): time.sleep(1)
        return {"prediction": [value * 2 for value in x], "text": ["é" if t is None else t for t in frame["t"]]}
    """

  private func settings(_ change: (inout ServeSettings) -> Void = { _ in }) throws -> String {
    var settings = ServeSettings(model: directory.path.string)
    settings.name = "double"
    settings.version = "3.1.0"
    settings.worker = directory.worker(predict: try directory.write("predict.py", WorkerServerTests.code).string)
    settings.signature = ServeSettings.Signature(
      inputs: [TensorSpec("x", .fp64), TensorSpec("t", .bytes)],
      outputs: [TensorSpec("prediction", .fp64), TensorSpec("text", .bytes)])
    change(&settings)
    return try directory.write("serve.json", String(decoding: settings.json(), as: UTF8.self)).string
  }

  private func start(_ more: [String] = [], _ change: (inout ServeSettings) -> Void = { _ in }) throws -> RunningServer
  {
    try RunningServer(["--settings", settings(change)] + more, ["PYTHONDONTWRITEBYTECODE=1"])
  }

  private func body(_ x: [Double], _ t: [String?]) -> String {
    let texts = t.map { $0.map { "\"\($0)\"" } ?? "null" }.joined(separator: ",")
    return """
      {"id":"r1","inputs":[{"name":"x","datatype":"FP64","shape":[\(x.count)],"data":\(x)},\
      {"name":"t","datatype":"BYTES","shape":[\(t.count)],"data":[\(texts)]}]}
      """
  }

  private static let infer = "/v2/models/double/infer"

  @Test("a contract stands in front of workers as of the native scorer: clipped, told, refused and counted")
  func contract() async throws {
    var x = Contract.Column("x")
    x.most = .init(10, .clip)
    x.missing = .init(false, .reject)
    var t = Contract.Column("t")
    t.categories = .init(["a"], .flag, from: .profile)
    let contract = Contract([x, t])
    try await blocking {
      let server = try start { $0.contract = contract }
      let infer = WorkerServerTests.infer
      let fits = try #require(try server.ask("POST", infer, body: body([1, 10], ["a", "a"])))
      #expect(fits.status == 200 && fits.body.contains("[2.0,20.0]") && !fits.body.contains("opz_contract"))
      let done = try #require(try server.ask("POST", infer, body: body([1, 66], ["a", "b"])))
      let said =
        #"[{"column":"x","reason":"max","action":"clip","count":1},{"column":"t","reason":"category","action":"flag","count":1}]"#
      #expect(done.status == 200 && done.body.contains("[2.0,20.0]"), "\(done.body)")
      #expect(done.body.contains(said.replacing("\"", with: "\\\"")), "\(done.body)")
      let rows = try #require(try server.ask("POST", "/invocations", body: #"{"instances":[{"x":66,"t":"b"}]}"#))
      #expect(rows.status == 200 && rows.body.contains("20.0") && rows.head.contains("Opz-Contract: \(said)"))
      let refused = try #require(try server.ask("POST", "/invocations", body: #"{"instances":[{"x":null,"t":"a"}]}"#))
      #expect(refused.status == 400 && refused.body.contains("column 'x', row 0: the value is missing"))
      let metrics = try #require(try server.ask("GET", "/metrics")?.body)
      #expect(metrics.contains(#"opz_contract_violations_total{column="x",reason="max",action="clip"} 2"#))
      #expect(metrics.contains(#"opz_contract_violations_total{column="x",reason="missing",action="reject"} 1"#))
    }
  }

  @Test("requests are answered by the worker, with its failures told apart, and the log names the request")
  func serves() async throws {
    try await blocking {
      let server = try start()
      let answer = try #require(try server.ask("POST", WorkerServerTests.infer, body: body([1, 2.5], ["a", nil])))
      #expect(answer.status == 200)
      #expect(
        answer.body == """
          {"model_name":"double","model_version":"3.1.0","id":"r1","outputs":[\
          {"name":"prediction","datatype":"FP64","shape":[2],"data":[2.0,5.0]},\
          {"name":"text","datatype":"BYTES","shape":[2],"data":["a","é"]}]}
          """)
      let refused = try #require(try server.ask("POST", WorkerServerTests.infer, body: body([13], ["a"])))
      #expect(refused.status == 400 && refused.body == #"{"error":"13 is refused"}"#)
      let poison = try #require(try server.ask("POST", WorkerServerTests.infer, body: body([66], ["a"])))
      #expect(poison.status == 422)
      #expect(try server.ask("POST", WorkerServerTests.infer, body: body([1], ["a"]))?.status == 200)
      let metadata = try #require(try server.ask("GET", "/v2/models/double"))
      #expect(metadata.body.contains(#"{"name":"x","datatype":"FP64","shape":[-1]}"#), "\(metadata.body)")
      let metrics = try #require(try server.ask("GET", "/metrics")?.body)
      #expect(metrics.contains("opz_worker_deaths_total{cause=\"signal\"} 2\n"), "\(metrics)")
      #expect(metrics.contains("opz_worker_quarantine_requests 1\n"))
      #expect(server.errors.contains(#""stream":"stdout","requests":["r1"],"text":"called""#), "\(server.errors)")
      server.process.send(signal: SIGTERM)
      #expect(server.wait() == 0)
    }
  }

  @Test("SIGTERM lets a request that a worker runs be answered, and leaves no worker behind")
  func drain() async throws {
    try await blocking {
      let server = try start()
      let text = body([2000], ["a"])
      let connection = try RawConnection(port: server.port)
      connection.send(
        "POST \(WorkerServerTests.infer) HTTP/1.1\r\nHost: h\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
      while !server.errors.contains("called") { usleep(2000) }
      server.process.send(signal: SIGTERM)
      let answer = try #require(try connection.receiveResponse())
      #expect(answer.status == 200 && answer.body.contains("4000.0"))
      #expect(server.wait() == 0)
      #expect(try workers() == [])
    }
  }

  @Test("workers end with a server that is killed, even while they compute")
  func killed() async throws {
    try await blocking {
      let server = try start { $0.workers.count = 2 }
      while try workers().count < 2 { usleep(2000) }
      server.process.send(signal: SIGKILL)
      _ = server.wait()
      while try !workers().isEmpty { usleep(2000) }
    }
  }

  private func workers() throws -> [Int32] { try WorkerProcesses.of(directory.path.appending("predict.py")) }

  @Test("flags go before settings")
  func flags() async throws {
    try await blocking {
      let server = try start(["--name", "other", "--model-version=9"])
      #expect(try server.ask("GET", "/v2/models/other")?.body.contains(#""versions":["9"]"#) == true)
    }
  }

  @Test("a model that does not load ends the server with 1, and says why")
  func broken() async throws {
    try await blocking {
      try directory.write("broken", "")
      let failure = #expect(throws: RunningServer.Failure.self) { try start() }
      #expect(failure?.description.contains("ended with 1") == true)
      #expect(failure?.description.contains("the file is broken") == true, "\(failure?.description ?? "")")
    }
  }

  @Test("settings that are wrong are refused by their place", arguments: [#"{"opz_serve":1}"#, "{", "absent"])
  func wrong(_ text: String) async throws {
    try await blocking {
      let path = directory.path.appending("wrong.json").string
      if text != "absent" { try directory.write("wrong.json", text) }
      let failure = #expect(throws: RunningServer.Failure.self) { try RunningServer(["--settings", path]) }
      #expect(failure?.description.contains("wrong.json") == true, "\(failure?.description ?? "")")
    }
  }
}
