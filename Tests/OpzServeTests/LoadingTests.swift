import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzTestKit
import OpzWire
import Synchronization
import SystemPackage
import Testing

@testable import OpzInference
@testable import OpzServe

/// The server's own code on a directory of models; what a model computes is a number that the test chooses.
@Suite("Loading and unloading")
struct LoadingTests {
  private static let secret = "0123456789abcdef"
  private static let header: HTTPFields = ["Authorization": "Bearer 0123456789abcdef"]

  private let directory: TemporaryDirectory
  private let population = ConstantPredictor.Population()

  init() throws { directory = try TemporaryDirectory() }

  /// A model's answer is its version and, in thousands, which load it is of.
  private func repository(_ before: @escaping @Sendable (ModelSource) async throws -> Void = { _ in })
    -> ModelRepository
  {
    let counter = Counter()
    return ModelRepository(
      .directory(ModelDirectory(directory.path)),
      make: { [population] source, _ in
        _ = try source.settings.get()
        try await before(source)
        let load = counter.take(below: .max / 4) ?? 0
        let value = Float(source.version) ?? 0
        let predictor = ConstantPredictor(value + 1000 * Float(load), population)
        return ModelLoader.Made(model: ServedModel(name: source.name, version: source.version, predictor: predictor))
      })
  }

  private func server(_ repository: ModelRepository, token: String? = secret) async throws -> InferenceServer {
    try await repository.start()
    let server = InferenceServer(
      repository, limits: ServerLimits(), version: "0", cores: 2, token: token.map { LoadToken(token: Array($0.utf8)) })
    server.lifecycle.becomeReady()
    return server
  }

  private func add(_ name: String, _ version: String) throws {
    try directory.write("\(name)/\(version)/model.json", "{}")
  }

  private func change(
    _ verb: String, _ name: String, on server: InferenceServer, body: String = "", headers: HTTPFields = header
  ) async -> Response {
    await server.ask("POST", "/v2/repository/models/\(name)/\(verb)", body: body, headers: headers)
  }

  private func states(_ server: InferenceServer) async throws -> [String] {
    let index = try JSONValue(json: await server.ask("POST", "/v2/repository/index").bytes)
    return (index.array ?? []).map { entry in
      ["name", "version", "state", "reason"].compactMap { entry[$0]?.string }.joined(separator: " ")
    }
  }

  @Test("A model comes, changes, goes and comes again, as its directory says")
  func life() async throws {
    try add("a", "1")
    let server = try await server(repository())
    #expect(try await states(server) == ["a 1 READY "])
    try add("a", "2")
    try add("b", "1")
    #expect(try await states(server) == ["a 2 UNAVAILABLE not loaded", "a 1 READY ", "b 1 UNAVAILABLE not loaded"])
    #expect(
      await server.ask("POST", "/v2/models/b/infer", body: ConstantPredictor.request).error?.contains("not loaded")
        == true)
    #expect(await server.ask("GET", "/v2/models/b/ready").text == #"{"name":"b","ready":false}"#)
    #expect(await change("load", "a", on: server).text == #"{"name":"a","load":true}"#)
    #expect(await change("load", "b", on: server).status == 200)
    #expect(try await states(server) == ["a 2 READY ", "a 1 READY ", "b 1 READY "])
    try Durable.removeTree(directory.path.appending("a/1"))
    #expect(await change("load", "a", on: server).status == 200)
    #expect(try await states(server) == ["a 2 READY ", "b 1 READY "])
    #expect(await server.ask("GET", "/v2/models/a/versions/1").status == 404)
    #expect(await change("unload", "a", on: server, body: #"{"parameters":{"unload_dependents":false}}"#).status == 200)
    #expect(await change("unload", "a", on: server).status == 200)
    #expect(try await states(server) == ["a 2 UNAVAILABLE unloaded", "b 1 READY "])
    #expect(await server.ask("GET", "/v2/models/a/ready").status == 503)
    #expect(await server.ask("GET", "/v2/models/a").status == 404)
    // What was unloaded was meant to be.
    #expect(await server.ask("GET", "/v2/health/ready").status == 200)
    #expect(server.health("a") == .notServing)
    #expect(await change("load", "a", on: server).status == 200)
    #expect(await server.ask("GET", "/v2/models/a/ready").status == 200)
    await server.models.stop()
    while population.living != 0 { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test("A load that fails leaves what serves, and says why in the answer and in the index")
  func failing() async throws {
    try add("a", "1")
    let broken = Flag()
    let server = try await server(
      repository { source in
        if broken.isSet, source.version == "2" {
          throw ServeError(.badModel, "model.json", reason: "it is broken", hint: "mend it")
        }
      })
    broken.set(true)
    try add("a", "2")
    let refused = await change("load", "a", on: server)
    #expect(refused.status == 422 && refused.error?.contains("a 2 was not loaded: model.json: it is broken") == true)
    #expect(try await states(server) == ["a 2 UNAVAILABLE model.json: it is broken", "a 1 READY "])
    #expect(await server.ask("POST", "/v2/models/a/infer", body: ConstantPredictor.request).status == 200)
    #expect(await server.ask("GET", "/v2/health/ready").status == 200)
    // The version that was made before the other one failed is gone.
    while population.living != 1 { try await Task.sleep(for: .milliseconds(1)) }
    broken.set(false)
    #expect(await change("load", "a", on: server).status == 200)
    #expect(try await states(server) == ["a 2 READY ", "a 1 READY "])
  }

  @Test("Who may load: nobody without --allow-load, and then who has the token")
  func permits() async throws {
    try add("a", "1")
    let closed = try await server(repository(), token: nil)
    #expect(await change("load", "a", on: closed).status == 501)
    #expect(await change("unload", "a", on: closed).error?.contains("--allow-load") == true)
    #expect(await change("load", "b", on: closed).status == 404)
    let open = try await server(repository())
    for headers in [[:], ["Authorization": "Bearer 0123456789abcdeF"], ["Authorization": "Basic eA=="]] as [HTTPFields]
    {
      for name in ["a", "b"] {
        let response = await change("load", name, on: open, headers: headers)
        #expect(response.status == 401 && response["www-authenticate"]?.hasPrefix("Bearer") == true)
      }
      let result = await open.call(
        "/inference.GRPCInferenceService/RepositoryModelUnload", [LoadingTests.message("a", field: 2)], fields: headers)
      #expect(result.status == 16)
    }
    #expect(await open.ask("POST", "/v2/models/a/infer", body: ConstantPredictor.request).status == 200)
    open.lifecycle.beginDraining()
    #expect(await change("unload", "a", on: open).status == 503)
  }

  private static func message(_ name: String, field: Int, parameter: String? = nil) -> [UInt8] {
    var message = WireWriter()
    message.put(field, string: name)
    if let parameter {
      var entry = WireWriter()
      entry.put(1, string: parameter)
      message.put(3, message: entry)
    }
    return message.bytes
  }

  @Test("gRPC in Triton's, MLServer's and KServe's form")
  func calls() async throws {
    try add("a", "1")
    let server = try await server(repository())
    func call(_ method: String, _ message: [UInt8]) async -> CallResult {
      await server.call(method, [message], fields: LoadingTests.header)
    }
    let services = ["/inference.GRPCInferenceService/", "/inference.model_repository.ModelRepositoryService/"]
    for service in services {
      for verb in ["Unload", "Load"] {
        let result = await call("\(service)RepositoryModel\(verb)", LoadingTests.message("a", field: 2))
        #expect(result.status == 0 && result.messages == [[]])
        let kserve = await call("\(service)RepositoryModel\(verb)", LoadingTests.message("a", field: 1))
        #expect(kserve.status == 0 && kserve.messages == [[10, 1, 97, 16, 1]])
      }
    }
    #expect(await call(services[0] + "RepositoryModelLoad", LoadingTests.message("b", field: 2)).status == 5)
    for parameter in ["config", "file:1/model.json", "x"] {
      let message = LoadingTests.message("a", field: 2, parameter: parameter)
      #expect(await call(services[0] + "RepositoryModelLoad", message).status == 3)
    }
    _ = await call(services[0] + "RepositoryModelUnload", LoadingTests.message("a", field: 2))
    let ready = await call("/inference.GRPCInferenceService/ModelReady", LoadingTests.message("a", field: 1))
    #expect(ready.status == 0 && ready.messages == [[]])
    #expect(await call(services[0] + "RepositoryIndex", []).messages.count == 1)
  }

  @Test(
    "Names never become paths, and parameters never models",
    arguments: [
      ("..", "", 404), (".", "", 404), ("%2e%2e%2f%2e%2e%2fetc", "", 404), ("%2Fetc%2Fpasswd", "", 404),
      ("a%00b", "", 404),
      ("a%2F1", "", 404), (String(repeating: "x", count: 4000), "", 404), ("b", "", 404), ("%ff", "", 404),
      ("a", #"{"parameters":{"config":"{}"}}"#, 400), ("a", #"{"parameters":{"file:1/model.json":"e30="}}"#, 400),
      ("a", #"{"parameters":{"x":1}}"#, 400), ("a", #"{"parameters":[]}"#, 400), ("a", "{", 400),
      ("a", #"{"other":[1],"parameters":{}}"#, 200),
    ] as [(String, String, Int)])
  func hostile(name: String, body: String, status: Int) async throws {
    try add("a", "1")
    let server = try await server(repository())
    for verb in ["load", "unload"] {
      let response = await change(verb, name, on: server, body: body)
      #expect(response.status == status, "\(response.text)")
    }
  }

  @Test("Loads of one model are one after the other, and unloads wait for their turn")
  func turns() async throws {
    try add("a", "1")
    let inside = Tally()
    let server = try await server(
      repository { _ in
        inside.enter()
        try await Task.sleep(for: .milliseconds(5))
        inside.leave()
      })
    await withTaskGroup(of: Int.self) { group in
      for number in 0..<12 {
        group.addTask { await change(number % 4 == 3 ? "unload" : "load", "a", on: server).status }
      }
      for await status in group { #expect(status == 200) }
    }
    #expect(inside.most == 1)
    #expect(await change("load", "a", on: server).status == 200)
    while population.living != 1 { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test("Under load, models are replaced and unloaded: no request is dropped, and none answered by another model")
  func hammered() async throws {
    for (name, versions) in [("a", ["1", "2"]), ("b", ["3"]), ("c", ["4"])] {
      for version in versions { try add(name, version) }
    }
    let server = try await server(repository())
    let isOver = Flag()
    let answered = Tally()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (name, version) in [("a", "1"), ("a", "2"), ("a", ""), ("b", ""), ("c", "4")] {
        group.addTask {
          while !isOver.isSet { try await ask(name, version, on: server, counting: answered) }
        }
        group.addTask {
          while !isOver.isSet { try await call(name, version, on: server, counting: answered) }
        }
      }
      group.addTask {
        for round in 0..<60 {
          let name = ["a", "b", "c"][round % 3]
          #expect(await change("load", name, on: server).status == 200)
          if name == "c" {
            #expect(await change("unload", name, on: server).status == 200)
            #expect(await change("load", name, on: server).status == 200)
          }
          while answered.entered < 20 * (round + 1) { try await Task.sleep(for: .milliseconds(1)) }
        }
        isOver.set(true)
      }
      try await group.waitForAll()
    }
    // Nothing but what is served now is left of seventy loads.
    while population.living != 4 { try await Task.sleep(for: .milliseconds(1)) }
    await server.models.stop()
    while population.living != 0 { try await Task.sleep(for: .milliseconds(1)) }
  }

  /// A model that is unloaded for a while is not there; one that is only replaced always is.
  private func ask(_ name: String, _ version: String, on server: InferenceServer, counting answered: Tally) async throws
  {
    let path = version.isEmpty ? "/v2/models/\(name)/infer" : "/v2/models/\(name)/versions/\(version)/infer"
    let response = await server.ask("POST", path, body: ConstantPredictor.request)
    guard response.status == 200 else {
      #expect(response.status == 404 && name == "c", "\(response.text)")
      return try await Task.sleep(for: .milliseconds(1))
    }
    let answer = try response.decoded(InferenceDocument.self)
    #expect(answer.model_name == name && (version.isEmpty || answer.model_version == version))
    let value = try #require(answer.outputs.first?.data.first ?? nil)
    #expect(Int(value) % 1000 == Int(answer.model_version), "\(response.text)")
    answered.enter()
    // Nothing else makes a client in the process give way to those who load.
    try await Task.sleep(for: .microseconds(200))
  }

  private func call(_ name: String, _ version: String, on server: InferenceServer, counting answered: Tally)
    async throws
  {
    var message = InferMessage(model: name, version: version)
    message.add("x", "FP32", shape: [1]) { $0.put(6, packed: [Float(1)]) }
    let result = await server.call("/inference.GRPCInferenceService/ModelInfer", [message.bytes])
    guard result.status == 0 else {
      #expect(result.status == 5 && name == "c", "\(result.text)")
      return try await Task.sleep(for: .milliseconds(1))
    }
    let value = try #require(try InferReply(result.messages[0]).typed.first?.first)
    #expect(["a": [1, 2], "b": [3], "c": [4]][name]?.contains(Int(value) % 1000) == true)
    answered.enter()
    // Nothing else makes a client in the process give way to those who load.
    try await Task.sleep(for: .microseconds(200))
  }

  @Test("A version that is replaced answers what it has, and its workers end after that")
  func draining() async throws {
    try add("a", "1")
    let (ended, gate) = (Flag(), Flag())
    let repository = ModelRepository(
      .directory(ModelDirectory(directory.path)),
      make: { source, _ in
        let model = ServedModel(name: source.name, version: source.version, remote: SlowPredictor(gate))
        return ModelLoader.Made(model: model) { ended.set(true) }
      })
    let server = try await server(repository)
    let slow = Task { await server.ask("POST", "/v2/models/a/infer", body: ConstantPredictor.request) }
    while server.admission.requests == 0 { try await Task.sleep(for: .milliseconds(1)) }
    while !gate.isEntered { try await Task.sleep(for: .milliseconds(1)) }
    #expect(await change("unload", "a", on: server).status == 200)
    #expect(await server.ask("POST", "/v2/models/a/infer", body: ConstantPredictor.request).status == 404)
    #expect(!ended.isSet)
    gate.set(true)
    #expect(await slow.value.status == 200)
    while !ended.isSet { try await Task.sleep(for: .milliseconds(1)) }
  }
}

/// A truth that tasks share.
final class Flag: Sendable {
  private let value = Atomic(false)
  private let entered = Atomic(false)

  init() {}

  var isSet: Bool { value.load(ordering: .acquiring) }
  /// Whether anybody waits for it.
  var isEntered: Bool { entered.load(ordering: .acquiring) }

  func set(_ isSet: Bool) { value.store(isSet, ordering: .releasing) }

  func wait() async {
    entered.store(true, ordering: .releasing)
    while !isSet { try? await Task.sleep(for: .milliseconds(1)) }
  }
}

/// Counts who is inside of something.
final class Tally: Sendable {
  private let state = Mutex((now: 0, most: 0, entered: 0))

  init() {}

  var most: Int { state.withLock { $0.most } }
  var entered: Int { state.withLock { $0.entered } }

  func enter() {
    state.withLock { state in
      state.now += 1
      state.entered += 1
      state.most = max(state.most, state.now)
    }
  }

  func leave() { state.withLock { $0.now -= 1 } }
}

/// A model elsewhere that answers once it may.
private struct SlowPredictor: RemotePredictor {
  let gate: Flag
  let platform = "test_slow"
  let inputs = [TensorSpec("x", .fp32)]
  let outputs = [TensorSpec("y", .fp32)]
  let isReady = true

  init(_ gate: Flag) { self.gate = gate }

  func predict(_ request: RemoteRequest) async throws -> [RawTensor] {
    await gate.wait()
    return [RawTensor("y", .fp32, shape: [1], bytes: [0, 0, 128, 63], missing: [])]
  }
}
