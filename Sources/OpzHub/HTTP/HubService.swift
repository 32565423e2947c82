import OpzHTTPServer

/// Adapts a responder to the HTTP server.
struct HubService: HTTPService {
  let responder: any Responder
  let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

  func answer(_ request: Request, _ body: any RequestBody) async throws -> Answer {
    try await responder.settled(HubRequest(request), body)
  }

  func refusal(_ problem: RequestProblem) -> Answer { SpecError.of(problem).answer }
}
