import OpzHTTPServer
import OpzIO
import OpzJSON
import Synchronization
import Testing

@testable import OpzInference
@testable import OpzServe

/// The lines of requests in the log.
@Suite("The log of requests")
struct RequestLogTests {
  private final class Lines: Sendable {
    private let lines = Mutex<[[UInt8]]>([])

    func log(all: Bool = true, slow: Duration? = nil) -> RequestLog {
      RequestLog(hasAll: all, slow: slow) { line in self.lines.withLock { $0.append(line) } }
    }

    var values: [JSONValue] { get throws { try lines.withLock { $0 }.map { try JSONValue(json: $0) } } }
  }

  private func server(_ log: RequestLog) -> InferenceServer {
    InferenceServer(ModelRepository([.sample]), limits: ServerLimits(), version: "0", cores: 1, names: [], log: log)
  }

  private static let infer = "/v2/models/team/score/infer"
  private static let row = #"{"id":"own","inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,0]}]}"#

  @Test("Every request has a line with its ids, what became of it and what it took")
  func requests() async throws {
    let lines = Lines()
    let server = server(lines.log())
    let answer = await server.ask(
      "POST", RequestLogTests.infer, body: RequestLogTests.row, headers: ["X-Request-Id": "abc"])
    #expect(answer["x-request-id"] == "abc")
    let made = await server.ask("GET", "/nope\u{1b}?secret=1")
    let values = try lines.values
    let first = try #require(values.first)
    #expect(first["event"] == "request" && first["id"] == "abc" && first["request"] == "own")
    #expect(first["method"] == "POST" && first["path"]?.string == RequestLogTests.infer)
    #expect(first["protocol"] == "HTTP/1.1" && first["status"]?.integer == 200 && first["rows"]?.integer == 1)
    #expect(first["received_bytes"]?.integer == Int64(RequestLogTests.row.utf8.count))
    #expect(first["sent_bytes"]?.integer == Int64(answer.bytes.count))
    for key in ["ms", "decode_ms", "score_ms", "encode_ms", "time"] { #expect(first[key] != nil) }
    #expect(first["slow"] == nil)
    #expect(values.count == 2 && values[1]["status"]?.integer == 404)
    #expect(values[1]["id"]?.string == made["x-request-id"] && values[1]["id"]?.string?.isEmpty == false)
    // No query, which may have secrets.
    #expect(values[1]["path"]?.string?.contains("secret") == false)
  }

  @Test("An id that is none is not taken over", arguments: ["", "a b", "é", String(repeating: "a", count: 129)])
  func ids(id: String) async throws {
    let lines = Lines()
    let answer = await server(lines.log()).ask("GET", "/v2", headers: ["X-Request-Id": id])
    #expect(answer["x-request-id"] != nil && answer["x-request-id"] != id)
    #expect(await InferenceServer.sample().ask("GET", "/v2", headers: ["X-Request-Id": id])["x-request-id"] == nil)
  }

  @Test("A slow request has a line, and no other has where not all have one")
  func slow() async throws {
    let (none, all) = (Lines(), Lines())
    _ = await server(none.log(all: false, slow: .seconds(3600))).ask(
      "POST", RequestLogTests.infer, body: RequestLogTests.row)
    #expect(try none.values.isEmpty)
    _ = await server(all.log(all: false, slow: .nanoseconds(1))).ask(
      "POST", RequestLogTests.infer, body: RequestLogTests.row)
    #expect(try all.values.count == 1 && all.values[0]["slow"] == .bool(true))
  }

  @Test("Calls of gRPC have lines, a stream one for each message and one when it ends")
  func grpc() async throws {
    let lines = Lines()
    let server = server(lines.log())
    var message = InferMessage(id: "own")
    message.add("x", "FP32", shape: [1, 3]) { $0.put(6, packed: [1, 2, 0] as [Float]) }
    let service = "/inference.GRPCInferenceService/"
    let fields: HTTPFields = ["x-request-id": "abc"]
    #expect(await server.call(service + "ModelInfer", [message.bytes], fields: fields).status == 0)
    #expect(await server.call(service + "Nothing", [[]], fields: fields).status == 12)
    let stream = await server.call(
      service + "ModelStreamInfer", [message.bytes, InferMessage(model: "x").bytes], fields: fields)
    #expect(stream.status == 0)
    let values = try lines.values
    #expect(values.map { $0["grpc_status"]?.integer } == [0, 12, 0, 5, 0])
    #expect(values.map { $0["rows"]?.integer } == [1, nil, 1, nil, nil])
    #expect(values.allSatisfy { $0["id"] == "abc" && $0["protocol"] == "HTTP/2" && $0["status"]?.integer == 200 })
  }

  @Test("A stream that its client leaves is noted as cancelled")
  func left() async throws {
    let lines = Lines()
    let request = Request("POST", "/x", framing: .chunked, isHTTP2: true)
    do { _ = StreamNote(lines.log(), RequestRecord(request, makesID: true)) }
    #expect(try lines.values.map { $0["grpc_status"]?.integer } == [1])
  }

  @Test("Lines are written in order on a thread of their own, and those beyond the buffer are counted")
  func writer() async throws {
    let written = Monitor<(bytes: [UInt8], isOpen: Bool)>(([], false))
    let writer = LogWriter(most: 1000) { bytes in
      written.wait { $0.isOpen ? () : nil }
      written.change { $0.bytes += bytes }
    }
    let line = [UInt8](repeating: 97, count: 99)
    // Nobody takes the log: the first line may be on its way.
    for _ in 0..<100 { writer.line(line) }
    #expect(writer.dropped >= 80)
    written.change { $0.isOpen = true }
    let kept = 100 - Int(writer.dropped)
    let bytes = await Task.detached {
      written.wait { $0.bytes.count == 100 * kept ? $0.bytes : nil }
    }.value
    #expect(bytes == Array(repeatElement(line + [10], count: kept).joined()))
    writer.flush()
  }
}
