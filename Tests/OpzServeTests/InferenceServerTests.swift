import FoundationEssentials
import OpzHTTPServer
import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("The server's responses")
struct InferenceServerTests {
  private let server = InferenceServer.sample()
  private let infer = "/v2/models/team/score/infer"
  private let row = #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,0]}]}"#

  @Test("Health: live immediately, ready until shutdown begins")
  func health() async {
    let paths = ["/v2/health/ready", "/v2/models/team/score/ready", "/v2/models/team%2Fscore/versions/3/ready"]
    #expect(await server.ask("GET", "/v2/health/live").text == #"{"live":true}"#)
    for path in paths { #expect(await server.ask("GET", path).status == 503) }
    server.lifecycle.becomeReady()
    for path in paths { #expect(await server.ask("GET", path).status == 200) }
    #expect(await server.ask("GET", paths[1]).text == #"{"name":"team/score","ready":true}"#)
    server.lifecycle.beginDraining()
    server.lifecycle.becomeReady()
    for path in paths { #expect(await server.ask("GET", path).status == 503) }
    #expect(await server.ask("GET", "/v2/health/live").status == 200)
    #expect(await server.ask("POST", infer, body: row).status == 200)
  }

  @Test("Metadata, byte for byte")
  func metadata() async {
    #expect(
      await server.ask("GET", "/v2").text
        == #"{"name":"opz-server","version":"0.0.0","extensions":["binary_tensor_data","model_repository","statistics"]}"#
    )
    #expect(await server.ask("GET", "/v2/models").text == #"{"models":["team/score"]}"#)
    #expect(
      await server.ask("GET", "/v2/models/team/score").text == """
        {"name":"team/score","versions":["3"],"platform":"test_score","inputs":[\
        {"name":"a","datatype":"FP32","shape":[-1]},{"name":"b","datatype":"FP32","shape":[-1]},\
        {"name":"colour \\"é\\"","datatype":"BYTES","shape":[-1]}],"outputs":[\
        {"name":"score","datatype":"FP32","shape":[-1]},{"name":"row","datatype":"FP32","shape":[-1,3]}]}
        """)
  }

  @Test(
    "Every wrong path, method and header has its status",
    arguments: [
      ("GET", "/nope", [:], 404), ("GET", "/v2/models/other", [:], 404),
      ("GET", "/v2/models/team/score/versions/2", [:], 404),
      ("POST", "/v2/models/other/infer", [:], 404), ("POST", "/v2", [:], 405),
      ("DELETE", "/v2/models/team/score", [:], 405),
      ("GET", "/v2/models/team/score/infer", [:], 405), ("POST", "/metrics", [:], 405),
      ("POST", "/v2/models/team/score/infer", ["Content-Encoding": "br"], 415),
      ("POST", "/v2/models/team/score/infer", ["Content-Encoding": "gzip"], 400),
      ("POST", "/v2/models/team/score/infer", ["Inference-Header-Content-Length": "-1"], 400),
      ("POST", "/v2/models/team/score/infer", ["grpc-timeout": "1x"], 400),
      ("POST", "/v2/models/team/score/infer", ["grpc-timeout": "1n"], 504),
      ("POST", "/v2/models/team/score/infer", ["grpc-timeout": "99999999H"], 200),
      ("POST", "/v2/models/team/score/infer", ["x-envoy-expected-rq-timeout-ms": "60000"], 200),
      ("POST", "/v2/repository/models/team/score/load", [:], 501),
      ("POST", "/v2/repository/models/team/score/unload", [:], 501),
      ("POST", "/v2/repository/models/other/load", [:], 404), ("GET", "/v2/repository/index", [:], 405),
      ("POST", "/v1/models/team/score:explain", [:], 501), ("POST", "/v1/models/other:predict", [:], 404),
      ("POST", "/invocations", ["Content-Type": "text/html"], 415),
    ] as [(String, String, HTTPFields, Int)])
  func statuses(method: String, path: String, headers: HTTPFields, status: Int) async {
    let response = await server.ask(method, path, body: row, headers: headers)
    #expect(response.status == status)
    if status != 200 { #expect(response.error != nil, "\(response.text)") }
    if status == 405 { #expect(response["allow"]?.hasSuffix(", OPTIONS") == true) }
  }

  @Test("The repository has the model, and of the ready ones only while it is ready")
  func repository() async {
    let path = "/v2/repository/index"
    let state: (String) -> String = { #"[{"name":"team/score","version":"3","state":"\#($0)","reason":""}]"# }
    #expect(await server.ask("POST", path).text == state("UNAVAILABLE"))
    #expect(await server.ask("POST", path, body: #"{"ready":true,"x":[1]}"#).text == "[]")
    server.lifecycle.becomeReady()
    #expect(await server.ask("POST", path, body: #"{"ready":false}"#).text == state("READY"))
    #expect(await server.ask("POST", path, body: #"{"ready":true}"#).text == state("READY"))
    #expect(await server.ask("POST", path, body: "[").status == 400)
    #expect(await server.ask("GET", "/ping").status == 200)
    #expect(await server.ask("GET", "/version").text == "0.0.0")
    #expect(await server.ask("GET", "/v1/models/team/score").text == #"{"name":"team/score","ready":true}"#)
  }

  @Test("A body larger than the limit is refused, whatever the header says")
  func largeBody() async {
    var limits = ServerLimits()
    limits.bodyBytes = row.utf8.count
    let server = InferenceServer.sample(limits)
    #expect(await server.ask("POST", infer, body: row).status == 200)
    let response = await server.ask("POST", infer, body: row + " ")
    #expect(response.status == 413)
    #expect(response.delivery.closes)
  }

  @Test("More rows than the limit are refused")
  func rows() async {
    var limits = ServerLimits()
    limits.rows = 1
    let server = InferenceServer.sample(limits)
    #expect(await server.ask("POST", infer, body: row).status == 200)
    let two = row.replacing("[1,3]", with: "[2,3]").replacing("[1,2,0]", with: "[1,2,0,1,2,0]")
    #expect(await server.ask("POST", infer, body: two).error?.contains("the limit is 1") == true)
  }

  @Test("A body that is scored on another thread because of its size gives the same scores")
  func manyRows() async throws {
    let rows = 20_000
    let data = (0..<rows).map { "\($0),0.5,2" }.joined(separator: ",")
    let body =
      #"{"outputs":[{"name":"score"}],"inputs":[{"name":"x","shape":[\#(rows),3],"datatype":"FP32","data":[\#(data)]}]}"#
    #expect(body.utf8.count > Exchange.shortBytes)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let document = try await self.server.ask("POST", self.infer, body: body).decoded(InferenceDocument.self)
          #expect(document.outputs[0].data == (0..<rows).map { Float($0) + 205 })
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("When the maximum number of requests is in flight, the next gets 503 with Retry-After")
  func busy() async {
    var limits = ServerLimits()
    limits.requestsInFlight = 0
    let response = await InferenceServer.sample(limits).ask("POST", infer, body: row)
    #expect(response.status == 503 && response.error != nil && !response.delivery.closes)
    #expect(response["Retry-After"] == "1")
  }

  @Test("Only requests with a complete body count as in flight")
  func admission() throws {
    var limits = ServerLimits()
    limits.requestsInFlight = 1
    let admission = Admission(limits)
    let (slow, first, second) = (admission.open(), admission.open(), admission.open())
    try slow.add(bytes: 10)
    try first.score()
    #expect(throws: RequestFailure.self) { try second.score() }
    second.close()
    #expect(admission.requests == 2)
    first.close()
    try slow.score()
    slow.close()
    #expect(admission.requests == 0)
    let third = admission.open()
    try third.score()
  }

  @Test("All bodies together stay within their budget")
  func budget() throws {
    var limits = ServerLimits()
    limits.bodyBytes = 32 << 20
    let admission = Admission(limits)
    var first: Admission.Ticket? = admission.open()
    let second = admission.open()
    try first?.add(bytes: 135 << 20)
    try second.add(bytes: 1 << 20)
    #expect(throws: RequestFailure.self) { try second.add(bytes: 1) }
    // The client may not have received its response yet.
    first?.close()
    #expect(throws: RequestFailure.self) { try second.add(bytes: 1) }
    first = nil
    try second.add(bytes: 135 << 20)
    #expect(throws: RequestFailure.self) { try second.add(bytes: 1) }
  }

  @Test("Statistics count inferences")
  func statistics() async throws {
    for _ in 0..<3 { _ = await server.ask("POST", infer, body: row) }
    _ = await server.ask("POST", infer, body: "{")
    for path in ["/v2/models/stats", "/v2/models/team/score/stats", "/v2/models/team/score/versions/3/stats"] {
      let stats = try await server.ask("GET", path).decoded(Statistics.self).model_stats
      #expect(stats.map(\.name) == ["team/score"])
      #expect(stats[0].inference_count == 3 && stats[0].execution_count == 3)
      #expect(stats[0].last_inference > 1_600_000_000_000)
      #expect(stats[0].inference_stats["success"]?.count == 3)
      #expect(stats[0].inference_stats["fail"]?.count == 1)
      #expect(stats[0].inference_stats["compute_infer"]?.count == 3)
    }
  }

  private struct Statistics: Decodable {
    struct Total: Decodable {
      let count: Int
      let ns: Int
    }
    struct Model: Decodable {
      let name: String
      let version: String
      let last_inference: Int
      let inference_count: Int
      let execution_count: Int
      let inference_stats: [String: Total]
    }
    let model_stats: [Model]
  }
}
