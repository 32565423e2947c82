import OpzHTTPServer
import OpzIO
import OpzTestKit
import Testing

@testable import OpzInference
@testable import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A queue without workers: what the test does not answer waits.
private final class WaitingPredictor: RemotePredictor {
  let platform = "waiting"
  let inputs: [TensorSpec] = []
  let outputs: [TensorSpec] = []
  let isReady = true
  let queue = RequestQueue()

  func predict(_ request: RemoteRequest) async throws -> [RawTensor] { try await queue.run(request) }

  /// Waits until so many requests wait.
  func wait(for count: Int) { while queue.values.waiting != count { usleep(1000) } }
}

/// Callers that leave while their request waits.
@Suite("Callers that leave")
struct LeavingTests {
  private static let body = #"{"inputs":[{"name":"x","shape":[1],"datatype":"UINT8","data":[1]}]}"#
  private static let head =
    "POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n"

  private func withServer(_ client: @escaping @Sendable (Int, WaitingPredictor) throws -> Void) async throws {
    var options = ServerOptions()
    (options.host, options.port) = ("127.0.0.1", 0)
    let predictor = WaitingPredictor()
    let server = InferenceServer(
      ServedModel(name: "m", version: "1", remote: predictor), limits: options.limits, version: "0", cores: 1)
    let http = try await ServerCommand.listen(options, options.limits)
    server.lifecycle.becomeReady()
    let running = Task { await http.run(server) }
    do {
      try await blocking { try client(http.port, predictor) }
    } catch {
      Issue.record(error)
    }
    http.abort()
    await running.value
    #expect(server.metrics.snapshot.requests.keys.allSatisfy { [200, 499].contains($0.status) })
  }

  @Test("A caller over HTTP/1.1 that closes its connection frees its place")
  func closes() async throws {
    try await withServer { port, predictor in
      for _ in 0..<3 {
        var connection: RawConnection? = try RawConnection(port: port)
        connection?.send(LeavingTests.head + LeavingTests.body)
        predictor.wait(for: 1)
        connection = nil
        predictor.wait(for: 0)
      }
    }
  }

  @Test("A caller that has only finished sending gets its response, however long it waits")
  func halfCloses() async throws {
    try await withServer { port, predictor in
      let connection = try RawConnection(port: port)
      connection.send(LeavingTests.head + LeavingTests.body)
      connection.finishSending()
      // An interim response asks whether it is still there.
      #expect(try connection.receiveResponse()?.head == "HTTP/1.1 100 Continue")
      predictor.wait(for: 1)
      guard case .batch(let batch) = predictor.queue.take(id: 1, mayWait: false, wake: {}) else {
        Issue.record("nothing waits")
        return
      }
      for request in batch { request.finish(.success(request.request.inputs)) }
      var text = try connection.receiveAll()
      while text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\n") { text.removeFirst(25) }
      #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
    }
  }
}
