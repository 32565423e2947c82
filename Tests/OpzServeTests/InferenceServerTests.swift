import FoundationEssentials
import HTTPTypes
import Hummingbird
import Testing

@testable import OpzServe

@Suite("The server's answers")
struct InferenceServerTests {
  private let server = InferenceServer.sample()
  private let infer = "/v2/models/team/score/infer"
  private let row = #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,0]}]}"#

  @Test("Health: live at once, ready from the start to the end of readiness")
  func health() async {
    let paths = ["/v2/health/ready", "/v2/models/team/score/ready", "/v2/models/team%2Fscore/versions/3/ready"]
    #expect(await server.ask(.get, "/v2/health/live").text == #"{"live":true}"#)
    for path in paths { #expect(await server.ask(.get, path).status == 503) }
    server.lifecycle.becomeReady()
    for path in paths { #expect(await server.ask(.get, path).status == 200) }
    #expect(await server.ask(.get, paths[1]).text == #"{"name":"team/score","ready":true}"#)
    server.lifecycle.beginDraining()
    server.lifecycle.becomeReady()
    for path in paths { #expect(await server.ask(.get, path).status == 503) }
    #expect(await server.ask(.get, "/v2/health/live").status == 200)
    #expect(await server.ask(.post, infer, row).status == 200)
  }

  @Test("Metadata, byte for byte")
  func metadata() async {
    #expect(
      await server.ask(.get, "/v2").text
        == #"{"name":"opz-server","version":"0.0.0","extensions":["model_repository_list","statistics"]}"#)
    #expect(await server.ask(.get, "/v2/models").text == #"{"models":["team/score"]}"#)
    #expect(
      await server.ask(.get, "/v2/models/team/score").text == """
        {"name":"team/score","versions":["3"],"platform":"test_score","inputs":[\
        {"name":"a","datatype":"FP32","shape":[-1]},{"name":"b","datatype":"FP32","shape":[-1]},\
        {"name":"colour \\"é\\"","datatype":"BYTES","shape":[-1]}],"outputs":[\
        {"name":"score","datatype":"FP32","shape":[-1]},{"name":"row","datatype":"FP32","shape":[-1,3]}]}
        """)
  }

  @Test(
    "Each wrong path, method and header has its status",
    arguments: [
      (.get, "/nope", [:], 404), (.get, "/v2/models/other", [:], 404),
      (.get, "/v2/models/team/score/versions/2", [:], 404),
      (.post, "/v2/models/other/infer", [:], 404), (.post, "/v2", [:], 405),
      (.delete, "/v2/models/team/score", [:], 405),
      (.get, "/v2/models/team/score/infer", [:], 405), (.post, "/metrics", [:], 405),
      (.post, "/v2/models/team/score/infer", [.contentEncoding: "gzip"], 415),
      (.post, "/v2/models/team/score/infer", [.contentLength: "16777217"], 413),
      (.post, "/v2/models/team/score/infer", [.contentLength: "99999999999999999999"], 200),
    ] as [(HTTPRequest.Method, String, HTTPFields, Int)])
  func statuses(method: HTTPRequest.Method, path: String, headers: HTTPFields, status: Int) async {
    let answer = await server.ask(method, path, row, headers: headers)
    #expect(answer.status == status)
    if status != 200 { #expect(answer.error != nil, "\(answer.text)") }
    if status == 405 { #expect(answer.fields.contains { $0.name == "allow" }) }
  }

  @Test("A binary request is refused with a hint")
  func binary() async throws {
    let name = try #require(HTTPField.Name("inference-header-content-length"))
    let answer = await server.ask(.post, infer, row, headers: [name: "10"])
    #expect(answer.status == 400)
    #expect(answer.error?.contains("binary_data") == true)
  }

  @Test("A body larger than the limit is refused, whatever the header says")
  func largeBody() async {
    var limits = ServerLimits()
    limits.bodyBytes = row.utf8.count
    let server = InferenceServer.sample(limits)
    #expect(await server.ask(.post, infer, row).status == 200)
    let answer = await server.ask(.post, infer, row + " ")
    #expect(answer.status == 413)
    #expect(answer.closes)
  }

  @Test("More rows than the limit are refused")
  func rows() async {
    var limits = ServerLimits()
    limits.rows = 1
    let server = InferenceServer.sample(limits)
    #expect(await server.ask(.post, infer, row).status == 200)
    let two = row.replacing("[1,3]", with: "[2,3]").replacing("[1,2,0]", with: "[1,2,0,1,2,0]")
    #expect(await server.ask(.post, infer, two).error?.contains("the limit is 1") == true)
  }

  @Test("A body too large to be scored where it was read gives the same scores")
  func manyRows() async throws {
    let rows = 20_000
    let data = (0..<rows).map { "\($0),0.5,2" }.joined(separator: ",")
    let body =
      #"{"outputs":[{"name":"score"}],"inputs":[{"name":"x","shape":[\#(rows),3],"datatype":"FP32","data":[\#(data)]}]}"#
    #expect(body.utf8.count > InferenceServer.inlineBytes)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let document = try await self.server.ask(.post, self.infer, body).decoded(InferenceDocument.self)
          #expect(document.outputs[0].data == (0..<rows).map { Float($0) + 205 })
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("When as many requests are in flight as may be, the next is told to come back")
  func busy() async {
    var limits = ServerLimits()
    limits.requestsInFlight = 0
    let answer = await InferenceServer.sample(limits).ask(.post, infer, row)
    #expect(answer.status == 503 && answer.error != nil && !answer.closes)
    #expect(answer.fields.contains { $0 == ("retry-after", "1") })
  }

  @Test("Only requests whose body is whole count as in flight")
  func admission() throws {
    var limits = ServerLimits()
    limits.requestsInFlight = 1
    let admission = Admission(limits)
    var (slow, first, second) = (admission.open(), admission.open(), admission.open())
    try slow.add(bytes: 10)
    try first.score()
    #expect(throws: RequestFailure.self) { try second.score() }
    second.close()
    #expect(admission.requests == 2)
    first.close()
    try slow.score()
    slow.close()
    #expect(admission.requests == 0)
    var third = admission.open()
    try third.score()
  }

  @Test("All bodies together stay within their budget")
  func budget() throws {
    var limits = ServerLimits()
    limits.bodyBytes = 32 << 20
    let admission = Admission(limits)
    var (first, second) = (admission.open(), admission.open())
    try first.add(bytes: 127 << 20)
    try second.add(bytes: 1 << 20)
    #expect(throws: RequestFailure.self) { try second.add(bytes: 1) }
    first.close()
    try second.add(bytes: 127 << 20)
    #expect(throws: RequestFailure.self) { try second.add(bytes: 1) }
  }

  @Test("Statistics count what was inferred")
  func statistics() async throws {
    for _ in 0..<3 { _ = await server.ask(.post, infer, row) }
    _ = await server.ask(.post, infer, "{")
    for path in ["/v2/models/stats", "/v2/models/team/score/stats", "/v2/models/team/score/versions/3/stats"] {
      let stats = try await server.ask(.get, path).decoded(Statistics.self).model_stats
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
