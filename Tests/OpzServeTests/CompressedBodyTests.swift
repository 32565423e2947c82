import NIOCore
import OpzHTTPServer
import OpzIO
import Synchronization
import Testing

@testable import OpzInference
@testable import OpzServe

/// What a compressed body takes while it is read.
@Suite("Compressed bodies")
struct CompressedBodyTests {
  private final class OnePiece: RequestBody {
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func next() async throws -> ByteBuffer? {
      defer { bytes = nil }
      return bytes.map { ByteBuffer(bytes: $0) }
    }
  }

  @Test(
    "Only what the body becomes stays reserved, and a large one is decoded on another thread",
    arguments: [1000, 5 << 20])
  func memory(count: Int) async throws {
    let body = try await Python.bytes("gzip.compress(bytes(\(count)))", of: [])
    let admission = Admission(ServerLimits())
    let calls = Atomic(0)
    let reader = BodyReader(limit: 16 << 20) { work in
      calls.wrappingAdd(1, ordering: .relaxed)
      return try work()
    }
    let ticket = admission.open()
    let request = Request(
      "POST", "/", fields: ["Content-Encoding": "gzip"], framing: .length(UInt64(body.count)))
    #expect(try await reader.read(request, OnePiece(body), ticket: ticket).count == count)
    #expect(admission.bytes >= count && admission.bytes <= max(Exchange.shortBytes, 4 * count))
    #expect((calls.load(ordering: .relaxed) > 0) == (count > Exchange.shortBytes))
  }

  @Test("A body that is refused gives its memory back")
  func refused() async throws {
    let body = try await Python.bytes("gzip.compress(bytes(2 << 20))", of: [])
    let admission = Admission(ServerLimits())
    let request = Request("POST", "/", fields: ["Content-Encoding": "gzip"], framing: .length(UInt64(body.count)))
    for bytes in [body, Array(body.dropLast(20))] {
      let ticket = admission.open()
      await #expect(throws: RequestFailure.self) {
        try await BodyReader(limit: 1 << 20).read(request, OnePiece(bytes), ticket: ticket)
      }
    }
    #expect(admission.bytes == 0)
  }

  @Test("The response is reserved by what the body becomes")
  func response() async throws {
    let server = InferenceServer.sample()
    let rows = 50_000
    let json = """
      {"inputs":[{"name":"x","shape":[\(rows),3],"datatype":"FP32",\
      "data":[\(Array(repeating: "0,0,0", count: rows).joined(separator: ","))]}]}
      """
    let body = try await Python.bytes("gzip.compress(b)", of: Array(json.utf8))
    // There is room for the body, and not for the response.
    let held = server.admission.open()
    try held.add(bytes: server.limits.bodyBudget - (2 << 20))
    let (path, headers): (String, HTTPFields) = ("/v2/models/team/score/infer", ["Content-Encoding": "gzip"])
    #expect(await server.ask("POST", path, bytes: body, headers: headers).status == 503)
    held.give(back: 8 << 20)
    #expect(await server.ask("POST", path, bytes: body, headers: headers).status == 200)
  }
}
