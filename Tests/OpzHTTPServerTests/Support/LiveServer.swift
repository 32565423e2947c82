import OpzHTTPServer
import OpzIO
import Synchronization
import Testing

/// A service that is a closure, and counts the memory of wide windows.
final class ClosureService: HTTPService {
  let methods = ["GET", "POST"]
  private let answer: @Sendable (Request, any RequestBody) async throws -> Response
  private let window = Mutex((now: 0, most: 0))
  /// The most bytes that it has for wide windows.
  private let windowLimit: Int

  init(windows limit: Int = .max, _ answer: @escaping @Sendable (Request, any RequestBody) async throws -> Response) {
    self.answer = answer
    windowLimit = limit
  }

  func respond(to request: Request, _ body: any RequestBody) async throws -> Response {
    try await answer(request, body)
  }

  func errorResponse(_ problem: RequestProblem) -> Response { Response(problem.status) }

  func reserve(windowBytes: Int) -> Bool {
    window.withLock { window in
      guard windowBytes <= windowLimit - window.now else { return false }
      window.now += windowBytes
      window.most = max(window.most, window.now)
      return true
    }
  }

  func release(windowBytes: Int) { window.withLock { $0.now -= windowBytes } }

  var reserved: (now: Int, most: Int) { window.withLock { $0 } }

  /// Answers how many bytes a body has.
  static func counting(windows limit: Int = .max) -> ClosureService {
    ClosureService(windows: limit) { _, body in
      var count = 0
      while let piece = try await body.next() { count += piece.readableBytes }
      return Response(200, body: .bytes(Array("\(count)".utf8)))
    }
  }

  /// Runs `client` on a thread against a server in this process, which ends with it.
  func run(_ limits: HTTPServerLimits, _ client: @escaping @Sendable (Int) throws -> Void) async throws {
    let server = try await HTTPServer(host: "127.0.0.1", port: 0, limits: limits, speaksHTTP2: true)
    let running = Task { await server.run(self) }
    do {
      try await blocking { try client(server.port) }
    } catch {
      Issue.record(error)
    }
    server.abort()
    await running.value
  }
}
