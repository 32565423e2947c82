import FoundationEssentials
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("opz-server, the program")
struct ExecutableTests {
  private static let model = RunningServer.fixture("binary.json").string
  private static let infer = "/v2/models/churn/infer"

  private static func text(_ fixture: String) throws -> String {
    String(decoding: try FileBlob(RunningServer.fixture(fixture)).bytes(), as: UTF8.self)
  }

  private func start(_ environment: [String] = []) throws -> RunningServer {
    try RunningServer(["--model", ExecutableTests.model, "--name", "churn"], environment)
  }

  @Test("SIGTERM and SIGINT end it with exit code 0", arguments: [SIGTERM, SIGINT])
  func signals(signal: Int32) async throws {
    try await blocking {
      let server = try start()
      #expect(try server.ask("GET", "/v2/health/ready")?.status == 200)
      server.process.send(signal: signal)
      #expect(server.wait() == 0)
    }
  }

  /// Sends the head of an inference request and half of its body.
  private func half(_ port: Int, _ body: String) throws -> (connection: RawConnection, rest: String) {
    let connection = try RawConnection(port: port)
    let middle = body.index(body.startIndex, offsetBy: body.count / 2)
    connection.send("POST \(ExecutableTests.infer) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
    connection.send(String(body[..<middle]))
    return (connection, String(body[middle...]))
  }

  /// Waits until the server counts the request as in flight.
  private func waitInFlight(_ server: RunningServer) throws {
    while try server.ask("GET", "/metrics")?.body.contains("opz_requests_in_flight 1\n") != true { usleep(1000) }
  }

  @Test("SIGTERM closes the port, and the request in flight is still answered")
  func inFlight() async throws {
    try await blocking {
      let server = try start()
      let (connection, rest) = try half(server.port, ExecutableTests.text("request.json"))
      try waitInFlight(server)
      server.process.send(signal: SIGTERM)
      while (try? RawConnection(port: server.port)) != nil { usleep(1000) }
      connection.send(rest)
      let response = try #require(try connection.receiveResponse())
      #expect(response.status == 200)
      #expect(response.head.lowercased().contains("connection: close"))
      #expect(server.wait() == 0)
    }
  }

  @Test("While draining, readiness fails and requests are answered; a second signal ends the wait")
  func drain() async throws {
    try await blocking {
      let server = try start(["OPZ_DRAIN_SECONDS=600"])
      server.process.send(signal: SIGTERM)
      while try server.ask("GET", "/v2/health/ready")?.status != 503 { usleep(1000) }
      #expect(try server.ask("GET", "/v2/models/churn/ready")?.status == 503)
      #expect(try server.ask("GET", "/v2/health/live")?.status == 200)
      let response = try #require(
        try server.ask("POST", ExecutableTests.infer, body: ExecutableTests.text("request.json")))
      #expect(response.status == 200)
      #expect(response.head.lowercased().contains("connection: close"))
      server.process.send(signal: SIGTERM)
      #expect(server.wait() == 0)
    }
  }

  @Test("A request that never ends does not keep it running forever")
  func stuck() async throws {
    try await blocking {
      let server = try start(["OPZ_STOP_SECONDS=1"])
      let (connection, _) = try half(server.port, ExecutableTests.text("request.json"))
      try waitInFlight(server)
      server.process.send(signal: SIGTERM)
      #expect(server.wait() == 1)
      #expect(server.errors.contains("in flight"))
      #expect(try connection.receiveAll() == "")
    }
  }

  @Test("A directory with one model is served, and the environment names the model")
  func environment() async throws {
    try await blocking {
      let directory = FilePath("/tmp/opz-serve-models-\(getpid())-\(UInt64.random(in: .min ... .max))")
      defer {
        unlink(directory.appending("m.json").string)
        rmdir(directory.string)
      }
      try #require(mkdir(directory.string, 0o755) == 0)
      try #require(symlink(ExecutableTests.model, directory.appending("m.json").string) == 0)
      let server = try RunningServer(
        [], ["OPZ_MODEL=\(directory.string)", "OPZ_MODEL_NAME=crm/churn", "OPZ_MODEL_VERSION=1.2.0"])
      let metadata = try #require(try server.ask("GET", "/v2/models/crm/churn/versions/1.2.0"))
      #expect(metadata.status == 200)
      #expect(metadata.body.contains(#""name":"crm/churn","versions":["1.2.0"]"#))
      #expect(metadata.body.contains(#"{"name":"plan","datatype":"BYTES","shape":[-1]}"#))
    }
  }

  /// Runs the program to its end with only this environment.
  private func run(_ arguments: [String], _ environment: [String] = []) throws -> ChildProcess.Output {
    try ChildProcess.run([try RunningServer.program()] + arguments, environment: environment)
  }

  @Test("Help, version and check end immediately")
  func actions() async throws {
    try await blocking {
      let help = try run(["--help"])
      #expect(help.status == 0 && help.text.contains("usage: opz-server") && help.errors.isEmpty)
      let version = try run(["--version"])
      #expect(version.status == 0 && version.text.hasPrefix("opz-server "))
      let check = try run(["--check", "--model", ExecutableTests.model, "--name", "churn"])
      #expect(check.status == 0 && check.errorText.hasPrefix("ok: churn 1, "))
    }
  }

  @Test("A failed start says why and ends with the right exit code")
  func wrongStart() async throws {
    try await blocking {
      let option = try run(["--nope"])
      #expect(option.status == 64 && option.errorText.contains("--nope: is not an option"))
      let missing = try run(["--check", "--model", "/nonexistent/model.json"])
      #expect(missing.status == 1 && missing.errorText.contains("/nonexistent/model.json"))
      let expected = RunningServer.fixture("binary.expected.json").string
      for arguments in [["--check", "--model", expected], ["--model", expected]] {
        let wrong = try run(arguments)
        #expect(wrong.status == 1 && wrong.errorText.contains("binary.expected.json"), "\(wrong.errorText)")
      }
      let server = try start()
      let taken = try run(["--model", ExecutableTests.model, "--host", "127.0.0.1", "--port", "\(server.port)"])
      #expect(taken.status == 1 && taken.errorText.contains("address already in use"), "\(taken.errorText)")
    }
  }

  private struct Expected: Decodable {
    let margin: [UInt32]
    let probability: [UInt32]
  }

  @Test("Margins over HTTP equal XGBoost's exactly, probabilities within two ulps", arguments: ["binary", "classes"])
  func parity(name: String) async throws {
    try await blocking {
      let server = try RunningServer(["--model", RunningServer.fixture("\(name).json").string, "--name", "churn"])
      let response = try #require(
        try server.ask("POST", ExecutableTests.infer, body: ExecutableTests.text("request.json")))
      try #require(response.status == 200, "\(response.body)")
      let document = try JSONDecoder().decode(InferenceDocument.self, from: Data(response.body.utf8))
      let expected = try JSONDecoder().decode(
        Expected.self, from: Data(ExecutableTests.text("\(name).expected.json").utf8))
      #expect(document.id == "fixture" && document.model_name == "churn")
      let outputs = Dictionary(uniqueKeysWithValues: document.outputs.map { ($0.name, $0) })
      let margin = try #require(outputs["margin"])
      #expect(margin.shape == (name == "binary" ? [200] : [200, 3]))
      #expect(margin.data.map { $0?.bitPattern } == expected.margin)
      let probability = try #require(outputs["probability"])
      #expect(probability.shape == margin.shape && probability.data.count == expected.probability.count)
      for (ours, theirs) in zip(probability.data, expected.probability) {
        let steps = Int64(try #require(ours).bitPattern) - Int64(theirs)
        #expect(abs(steps) <= 2)
      }
    }
  }
}
