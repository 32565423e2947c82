import OpzFormats
import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("Options")
struct ServerOptionsTests {
  @Test("Flags take precedence over the environment, and the environment over the defaults")
  func order() throws {
    let plain = try ServerOptions(arguments: [], environment: [:])
    #expect(plain == ServerOptions())
    #expect(plain.model == "/models" && plain.port == 8080 && plain.host == "0.0.0.0" && plain.drainSeconds == 0)
    let environment = [
      "OPZ_MODEL": "/m", "OPZ_MODEL_NAME": "n", "OPZ_MODEL_VERSION": "2", "OPZ_HOST": "::1", "OPZ_PORT": "1",
      "OPZ_DRAIN_SECONDS": "5", "OPZ_MAX_BODY_BYTES": "10", "OPZ_MAX_ROWS": "11", "OPZ_MAX_REQUESTS": "12",
    ]
    var wanted = ServerOptions()
    (wanted.model, wanted.name, wanted.modelVersion, wanted.host, wanted.port) = ("/m", "n", "2", "::1", 1)
    (wanted.drainSeconds, wanted.limits.bodyBytes, wanted.limits.rows, wanted.limits.requestsInFlight) = (5, 10, 11, 12)
    #expect(try ServerOptions(arguments: [], environment: environment) == wanted)
    (wanted.model, wanted.name, wanted.modelVersion, wanted.host, wanted.port) = ("x", "y", "z", "127.0.0.1", 0)
    let flags = ["--model", "x", "--name=y", "--model-version", "z", "--host=localhost", "--port", "0"]
    #expect(try ServerOptions(arguments: flags, environment: environment) == wanted)
  }

  @Test("How the model is read comes from the image's environment, and flags take precedence")
  func reading() throws {
    let environment = [
      "OPZ_MODEL_ITERATIONS": "best", "OPZ_MODEL_FORMAT": "onnx", "OPZ_MODEL_UNSEEN": "error",
    ]
    let options = try ServerOptions(arguments: [], environment: environment)
    #expect(options.reading == ReadingOptions(iterations: .best, format: "onnx", unseen: .error))
    let flags = ["--iterations", "all", "--format=lightgbm", "--unseen", "missing"]
    let other = try ServerOptions(arguments: flags, environment: environment)
    #expect(other.reading == ReadingOptions(iterations: .all, format: "lightgbm", unseen: .missing))
    let score = try ScoreOptions(arguments: ["--input=i", "--output=o"], environment: environment)
    #expect(score.reading == options.reading)
    #expect(throws: (any Error).self) { try ServerOptions(arguments: [], environment: ["OPZ_MODEL_ITERATIONS": "1"]) }
  }

  @Test("Names of metrics and the log of requests, by flags and variables")
  func logs() throws {
    let options = try ServerOptions(
      arguments: ["--metrics", "triton,mlserver", "--access-log", "--slow-ms=250"], environment: [:])
    #expect(options.metricNames == [.triton, .mlserver] && options.logsRequests && options.slowMilliseconds == 250)
    let environment = ["OPZ_METRICS": "triton", "OPZ_ACCESS_LOG": "true", "OPZ_SLOW_MS": "1"]
    let other = try ServerOptions(arguments: ["--metrics=mlserver"], environment: environment)
    #expect(other.metricNames == [.mlserver] && other.logsRequests && other.slowMilliseconds == 1)
    for (name, value) in [
      ("OPZ_METRICS", "nv"), ("OPZ_METRICS", "triton,"), ("OPZ_ACCESS_LOG", "yes"), ("OPZ_SLOW_MS", "-1"),
    ] {
      let error = #expect(throws: ServeError.self) { try ServerOptions(arguments: [], environment: [name: value]) }
      #expect(error?.subject == name)
    }
  }

  @Test("A directory of models, and who may load, by flags and variables; what is for one model goes with neither")
  func models() throws {
    let options = try ServerOptions(arguments: ["--models", "d", "--allow-load=t"], environment: ["OPZ_MODEL": "/m"])
    #expect(options.models == "d" && options.allowLoad == "t")
    let other = try ServerOptions(arguments: [], environment: ["OPZ_MODELS": "d", "OPZ_ALLOW_LOAD": "t"])
    #expect(other.models == "d" && other.allowLoad == "t")
    for flag in ["--model=m", "--name=n", "--model-version=1", "--settings=f"] {
      let error = #expect(throws: ServeError.self) {
        try ServerOptions(arguments: ["--models=d", flag], environment: [:])
      }
      #expect(error?.subject == String(flag.prefix { $0 != "=" }))
    }
    let one = try ServerOptions(arguments: ["--model", "m"], environment: ["OPZ_MODELS": "d"])
    #expect(one.models == nil && one.model == "m")
    var settings = ServeSettings(model: "m")
    settings.reading = ReadingOptions(iterations: .best, unseen: .error)
    let read = try ServerOptions(arguments: [], environment: ["OPZ_MODEL_UNSEEN": "missing"], settings: settings)
    #expect(read.reading == ReadingOptions(iterations: .best, unseen: .missing))
  }

  @Test("An empty variable counts as unset")
  func empty() throws {
    let environment = ["OPZ_MODEL": "", "OPZ_MODEL_NAME": "", "OPZ_PORT": ""]
    #expect(try ServerOptions(arguments: [], environment: environment) == ServerOptions())
  }

  @Test(
    "Actions",
    arguments: [
      ("--check", .check), ("--help", .help), ("-h", .help), ("--version", .version), ("--formats", .formats),
    ]
      as [(String, ServerOptions.Action)])
  func actions(flag: String, action: ServerOptions.Action) throws {
    #expect(try ServerOptions(arguments: [flag], environment: [:]).action == action)
  }

  @Test(
    "Wrong flags are refused by name",
    arguments: [
      ["--nope"], ["x"], ["--port"], ["--port", "x"], ["--port", "65536"], ["--port", "-1"],
      ["--port=99999999999999999999"],
      ["--host", "example.test"], ["--host", ""], ["--name", ""], ["--check=1"], ["--model"], ["--iterations", "58"],
      ["--unseen", "58"],
    ])
  func wrong(arguments: [String]) throws {
    let error = try #require(throws: ServeError.self) { try ServerOptions(arguments: arguments, environment: [:]) }
    #expect(error.category == .usage)
    #expect(error.subject.hasPrefix(arguments[0].prefix { $0 != "=" }))
  }

  @Test(
    "Wrong variables are refused by name",
    arguments: [
      ("OPZ_PORT", "http"), ("OPZ_DRAIN_SECONDS", "-1"), ("OPZ_DRAIN_SECONDS", "5s"), ("OPZ_MAX_ROWS", "0"),
      ("OPZ_HOST", "h"),
      ("OPZ_MAX_BODY_BYTES", "1e6"),
    ])
  func wrongVariable(name: String, value: String) throws {
    let error = try #require(throws: ServeError.self) { try ServerOptions(arguments: [], environment: [name: value]) }
    #expect(error.subject == name)
  }

  @Test("The help names every variable")
  func help() {
    for name in [
      "OPZ_MODEL", "OPZ_MODEL_NAME", "OPZ_MODEL_VERSION", "OPZ_HOST", "OPZ_PORT", "OPZ_DRAIN_SECONDS",
      "OPZ_STOP_SECONDS", "OPZ_MAX_BODY_BYTES", "OPZ_MAX_ROWS", "OPZ_MAX_REQUESTS", "OPZ_MAX_CONNECTIONS",
      "OPZ_HEADER_SECONDS", "OPZ_BODY_SECONDS", "OPZ_ANSWER_SECONDS", "OPZ_IDLE_SECONDS",
    ] {
      #expect(ServerOptions.help.contains(name))
    }
  }
}
