import FoundationEssentials
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzInference
@testable import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The program with a directory that has a native model and Python ones.
@Suite("opz-server with several models")
struct SeveralServerTests {
  private static let secret = "0123456789abcdef0123"
  private let directory: TemporaryDirectory

  init() throws {
    directory = try .withWorker()
    try directory.write("token", "\(SeveralServerTests.secret)\n", mode: 0o600)
    let model = String(decoding: try FileBlob(RunningServer.fixture("binary.json")).bytes(), as: UTF8.self)
    try directory.write("models/churn/1.0.0/model.json", model)
  }

  /// A Python model whose answer is `x` times a factor.
  private func add(_ version: String, factor: Int, code: String = "") throws {
    let place = "models/times/\(version)"
    let predict = """
      import pandas as pd
      \(code)
      def predict(frame: pd.DataFrame): return frame["x"] * \(factor)
      """
    var settings = ServeSettings(model: ".")
    var worker = directory.worker(predict: "predict.py")
    worker.environment = ["OPZ_TEST_FACTOR": "\(factor)", "PYTHONDONTWRITEBYTECODE": "1"]
    settings.worker = worker
    settings.signature = ServeSettings.Signature(
      inputs: [TensorSpec("x", .fp64)], outputs: [TensorSpec("prediction", .fp64)])
    try directory.write("\(place)/predict.py", predict)
    try directory.write("\(place)/serve.json", String(decoding: settings.json(), as: UTF8.self))
  }

  private func start(_ more: [String] = []) throws -> RunningServer {
    try RunningServer(["--models", directory.path.appending("models").string] + more)
  }

  private var allowed: [String] { ["--allow-load", directory.path.appending("token").string] }

  private static let times = #"{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[3]}]}"#

  private func change(_ verb: String, _ name: String, on server: RunningServer, token: String = secret) throws
    -> (status: Int, head: String, body: String)
  {
    let connection = try RawConnection(port: server.port)
    connection.send(
      "POST /v2/repository/models/\(name)/\(verb) HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \(token)\r\n"
        + "Content-Length: 2\r\n\r\n{}")
    return try #require(try connection.receiveResponse())
  }

  private func workers() throws -> Int { try WorkerProcesses.of(directory.path.appending("models")).count }

  @Test("A native model and two versions of a Python one stand beside each other, and SIGTERM ends all")
  func beside() async throws {
    try add("1", factor: 10)
    try add("2", factor: 20)
    try await blocking {
      let server = try start()
      #expect(try server.ask("GET", "/v2/health/ready")?.status == 200)
      #expect(try server.ask("GET", "/v2/models")?.body == #"{"models":["churn","times"]}"#)
      let request = String(decoding: try FileBlob(RunningServer.fixture("request.json")).bytes(), as: UTF8.self)
      #expect(try server.ask("POST", "/v2/models/churn/infer", body: request)?.status == 200)
      for (path, value) in [("", "60.0"), ("/versions/1", "30.0"), ("/versions/2", "60.0")] {
        let answer = try server.ask("POST", "/v2/models/times\(path)/infer", body: SeveralServerTests.times)
        #expect(answer?.status == 200 && answer?.body.contains("[\(value)]") == true, "\(answer?.body ?? "")")
      }
      let metrics = try #require(try server.ask("GET", "/metrics")?.body)
      for version in ["1", "2"] {
        #expect(metrics.contains("opz_worker_alive{model=\"times\",version=\"\(version)\"} 1\n"), "\(metrics)")
      }
      #expect(metrics.contains(#"opz_rows_total{model="times",version="2"} 2"#))
      #expect(try change("load", "times", on: server).status == 501)
      #expect(try server.ask("GET", "/v2/models/times/versions/3")?.status == 404)
      server.process.send(signal: SIGTERM)
      #expect(server.wait() == 0)
      #expect(try workers() == 0)
    }
  }

  @Test(
    "Python models are replaced while clients ask: all are answered, the old workers end, a broken one changes nothing")
  func replaced() async throws {
    try add("1", factor: 10)
    try await blocking {
      let server = try start(allowed)
      let refused = try change("load", "times", on: server, token: "wrong")
      #expect(refused.status == 401 && refused.head.contains("WWW-Authenticate: Bearer"))
      let isOver = Flag()
      let clients = try (0..<4).map { number in
        try DedicatedThread { () -> Set<String> in
          let request = number == 0 ? "" : SeveralServerTests.times
          var found: Set<String> = []
          let connection = try RawConnection(port: server.port)
          while !isOver.isSet {
            // One asks the native model meanwhile.
            connection.send(
              request.isEmpty
                ? "GET /v2/models/churn/ready HTTP/1.1\r\nHost: h\r\n\r\n"
                : "POST /v2/models/times/infer HTTP/1.1\r\nHost: h\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
            )
            let answer = try #require(try connection.receiveResponse())
            found.insert(answer.status == 200 ? String(answer.body.suffix(40)) : "\(answer.status): \(answer.body)")
          }
          return found
        }
      }
      for factor in 11...14 {
        try add("1", factor: factor)
        #expect(try change("load", "times", on: server).status == 200, "\(server.errors)")
        let answer = try server.ask("POST", "/v2/models/times/infer", body: SeveralServerTests.times)
        #expect(answer?.body.contains("[\(3 * factor).0]") == true, "\(answer?.body ?? "")")
      }
      try add("1", factor: 15, code: "raise RuntimeError('the file is broken')")
      let failed = try change("load", "times", on: server)
      #expect(failed.status == 422 && failed.body.contains("the file is broken"), "\(failed.body)")
      let index = try #require(try server.ask("POST", "/v2/repository/index")?.body)
      #expect(index.contains(#""state":"READY","reason":""#) && index.contains("the file is broken"), "\(index)")
      isOver.set(true)
      let all = try clients.map { try $0.join() }
      #expect(all[0] == [#"{"name":"churn","ready":true}"#])
      for found in all.dropFirst() {
        #expect(found.allSatisfy { text in (10...14).contains { text.hasSuffix("[\(3 * $0).0]}]}") } }, "\(found)")
      }
      while try workers() > 1 { usleep(5000) }
      #expect(try change("unload", "times", on: server).status == 200)
      #expect(try server.ask("POST", "/v2/models/times/infer", body: SeveralServerTests.times)?.status == 404)
      while try workers() > 0 { usleep(5000) }
      #expect(try server.ask("GET", "/v2/health/ready")?.status == 200)
      server.process.send(signal: SIGTERM)
      #expect(server.wait() == 0)
    }
  }

  @Test("A new version that does not fit into the memory beside the others is refused, and they serve on")
  func memory() async throws {
    try add("1", factor: 10)
    try await blocking {
      let server = try start(allowed)
      let file = directory.path.appending("models/times/1/serve.json")
      var settings = try ServeSettings(json: FileBlob(file).bytes())
      settings.workers.memoryMB = 1
      try Durable.replace(file, with: settings.json())
      let refused = try change("load", "times", on: server)
      #expect(refused.status == 422 && refused.body.contains("workers.memory_mb"), "\(refused.body)")
      #expect(try server.ask("POST", "/v2/models/times/infer", body: SeveralServerTests.times)?.status == 200)
      while try workers() > 1 { usleep(5000) }
    }
  }

  @Test("What cannot be served ends the server, and says which model it is")
  func broken() async throws {
    try await blocking {
      for (name, text, wanted) in [
        ("broken/1/model.json", "{}", "broken 1"), ("empty/1/notes.txt", "x", "empty 1"),
        ("bad/serve.json", "{", "bad/serve.json"),
      ] {
        try directory.write("models/\(name)", text)
        let failure = #expect(throws: RunningServer.Failure.self) { try start() }
        #expect(failure?.description.contains("ended with 1") == true)
        #expect(failure?.description.contains(wanted) == true, "\(failure?.description ?? "")")
        try Durable.removeTree(directory.path.appending("models").appending(String(name.split(separator: "/")[0])))
      }
      try Durable.removeTree(directory.path.appending("models/churn"))
      let none = #expect(throws: RunningServer.Failure.self) { try start() }
      #expect(none?.description.contains("it has no models") == true)
      let empty = try start(allowed)
      #expect(try empty.ask("GET", "/v2/models")?.body == #"{"models":[]}"#)
      #expect(try empty.ask("GET", "/v2/health/ready")?.status == 200)
      #expect(chmod(directory.path.appending("token").string, 0o644) == 0)
      let open = #expect(throws: RunningServer.Failure.self) { try start(allowed) }
      #expect(open?.description.contains("ended with 64") == true && open?.description.contains("chmod o=") == true)
    }
  }

  @Test("A server of one model can load it again: its file may have changed")
  func one() async throws {
    try await blocking {
      let model = directory.path.appending("models/churn/1.0.0/model.json")
      let server = try RunningServer(["--model", model.string, "--name", "churn"] + allowed)
      let request = String(decoding: try FileBlob(RunningServer.fixture("request.json")).bytes(), as: UTF8.self)
      let before = try #require(try server.ask("POST", "/v2/models/churn/infer", body: request))
      #expect(try change("load", "churn", on: server).status == 200)
      #expect(try server.ask("POST", "/v2/models/churn/infer", body: request)?.body == before.body)
      try Durable.replace(model, with: Array("{".utf8))
      #expect(try change("load", "churn", on: server).status == 422)
      #expect(try server.ask("POST", "/v2/models/churn/infer", body: request)?.body == before.body)
      let metrics = try #require(try server.ask("GET", "/metrics")?.body)
      #expect(metrics.contains("opz_inference_duration_seconds_count 3\n"), "\(metrics)")
      #expect(try change("unload", "churn", on: server).status == 200)
      #expect(try server.ask("POST", "/invocations", body: "{}")?.status == 404)
    }
  }
}
