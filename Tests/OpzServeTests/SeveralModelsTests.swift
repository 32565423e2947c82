import OpzHTTPServer
import OpzJSON
import OpzModel
import OpzWire
import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("Several models in one server")
struct SeveralModelsTests {
  private let server = InferenceServer.several([
    ("a", "1", 1), ("a", "2", 2), ("a", "10", 10), ("team/b", "1.0.0", 100), ("team/b", "1.1.0-rc.1", 110),
  ])

  private func answer(_ path: String) async throws -> String {
    let response = await server.ask("POST", path, body: ConstantPredictor.request)
    guard response.status == 200 else { return "\(response.status)" }
    let answer = try response.decoded(InferenceDocument.self)
    return "\(answer.model_name) \(answer.model_version) \(answer.outputs[0].data[0] ?? -1)"
  }

  @Test(
    "A request gets the version that it asks for, else the newest",
    arguments: [
      ("/v2/models/a/infer", "a 10 10.0"), ("/v2/models/a/versions/2/infer", "a 2 2.0"),
      ("/v2/models/team/b/infer", "team/b 1.1.0-rc.1 110.0"),
      ("/v2/models/team%2Fb/versions/1.0.0/infer", "team/b 1.0.0 100.0"),
      ("/v2/models/a/versions/3/infer", "404"), ("/v2/models/b/infer", "404"),
      ("/v2/models/a/versions/01/infer", "404"),
      ("/v2/models/a/versions/..%2F..%2Fetc/infer", "404"), ("/v2/models/..%2Fa/infer", "404"),
      ("/v2/models/a%00/infer", "404"),
    ])
  func versions(path: String, wanted: String) async throws {
    #expect(try await answer(path) == wanted)
  }

  @Test(
    "The same over gRPC, in unary calls and in a stream",
    arguments: [
      ("a", "", Float(10), 0), ("a", "2", 2, 0), ("team/b", "1.0.0", 100, 0), ("a", "3", 0, 5), ("c", "", 0, 5),
    ] as [(String, String, Float, Int)])
  func calls(name: String, version: String, value: Float, status: Int) async throws {
    var message = InferMessage(model: name, version: version)
    message.add("x", "FP32", shape: [1]) { $0.put(6, packed: [Float(1)]) }
    let result = await server.call("/inference.GRPCInferenceService/ModelInfer", [message.bytes])
    #expect(result.status == status, "\(result.text)")
    if status == 0 { #expect(try InferReply(result.messages[0]).typed == [[value]]) }
    let stream = await server.call("/inference.GRPCInferenceService/ModelStreamInfer", [message.bytes, message.bytes])
    #expect(stream.status == 0 && stream.messages.count == 2)
  }

  @Test("Rows by name; /invocations names no model, and says what to use")
  func rows() async throws {
    let body = #"{"instances":[{"x":1}]}"#
    #expect(await server.ask("POST", "/v1/models/team/b:predict", body: body).text == #"{"predictions":[110.0]}"#)
    let refused = await server.ask("POST", "/invocations", body: body)
    #expect(refused.status == 400 && refused.error?.contains("/v1/models/NAME:predict") == true)
    let one = InferenceServer.several([("a", "1", 1), ("a", "2", 2)])
    #expect(await one.ask("POST", "/invocations", body: body).text == #"{"predictions":[2.0]}"#)
    let none = InferenceServer.several([])
    #expect(await none.ask("POST", "/invocations", body: body).status == 404)
    #expect(await none.ask("GET", "/openapi.json").status == 200)
  }

  @Test("What there is: names, versions, states, statistics")
  func documents() async throws {
    server.lifecycle.becomeReady()
    #expect(await server.ask("GET", "/v2/models").text == #"{"models":["a","team/b"]}"#)
    #expect(await server.ask("GET", "/v2/models/a").text.contains(#""versions":["1","2","10"]"#))
    #expect(await server.ask("GET", "/v2/models/a/versions/2/ready").status == 200)
    let index = try JSONValue(json: await server.ask("POST", "/v2/repository/index").bytes)
    #expect(index.array?.compactMap { $0["version"]?.string } == ["10", "2", "1", "1.1.0-rc.1", "1.0.0"])
    #expect(index.array?.allSatisfy { $0["state"]?.string == "READY" } == true)
    for _ in 0..<3 { _ = try await answer("/v2/models/a/versions/2/infer") }
    func counts(_ path: String) async throws -> [String] {
      let stats = try JSONValue(json: await server.ask("GET", path).bytes)["model_stats"]?.array ?? []
      return stats.map {
        "\($0["name"]?.string ?? "") \($0["version"]?.string ?? "") \($0["inference_count"]?.integer ?? -1)"
      }
    }
    #expect(try await counts("/v2/models/a/versions/2/stats") == ["a 2 3"])
    #expect(try await counts("/v2/models/a/stats") == ["a 10 0", "a 2 3", "a 1 0"])
    #expect(try await counts("/v2/models/stats").count == 5)
    var message = WireWriter()
    message.put(1, string: "a")
    let metadata = await server.call("/inference.GRPCInferenceService/ModelMetadata", [message.bytes])
    #expect(metadata.status == 0)
    message.put(2, string: "3")
    #expect(await server.call("/inference.GRPCInferenceService/ModelMetadata", [message.bytes]).status == 5)
    #expect(await server.call("/inference.GRPCInferenceService/ModelStatistics", [message.bytes]).status == 5)
    #expect(server.health("a") == .serving && server.health("c") == nil)
  }

  @Test("Each model's metrics have its labels, and each metric one head")
  func metrics() async throws {
    _ = try await answer("/v2/models/a/versions/2/infer")
    _ = await server.ask("POST", "/v2/models/team/b/infer", body: "{")
    let text = await server.ask("GET", "/metrics").text
    for line in [
      #"opz_rows_total{model="a",version="2"} 1"#, #"opz_rows_total{model="a",version="10"} 0"#,
      #"opz_inference_errors_total{model="team/b",version="1.1.0-rc.1"} 1"#,
      #"opz_inference_duration_seconds_count{model="a",version="2"} 1"#, #"opz_model_ready{model="a",version="1"} 1"#,
    ] {
      #expect(text.contains("\(line)\n"), "\(text)")
    }
    let heads = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
    #expect(Set(heads).count == heads.count)
    var family = ""
    for line in text.split(separator: "\n") where !line.hasPrefix("# HELP") {
      if line.hasPrefix("# TYPE ") {
        family = String(line.split(separator: " ")[2])
      } else {
        #expect(line.hasPrefix(family), "\(line) is not below \(family)")
      }
    }
  }

  @Test("One description has all models, whose examples work")
  func openAPI() async throws {
    server.lifecycle.becomeReady()
    let document = try JSONValue(json: await server.ask("GET", "/openapi.json").bytes)
    let paths = try #require(document["paths"]?.object)
    #expect(
      paths["/v1/models/a:predict"] != nil && paths["/v1/models/team/b:predict"] != nil && paths["/invocations"] == nil)
    let schemas = try #require(document["components"]?["schemas"]?.object)
    #expect(schemas["Row"] != nil && schemas["Row2"] != nil && schemas["Row3"] == nil)
    for (path, item) in paths {
      for (method, operation) in item.object ?? [:] {
        let example = operation["requestBody"]?["content"]?["application/json"]?["example"]
        let response = await server.ask(
          method.uppercased(), path, bytes: try example.map { try CanonicalJSON.encode($0) } ?? [])
        #expect(response.status == 200, "\(method) \(path): \(response.text)")
      }
    }
  }
}
