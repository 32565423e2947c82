import OpzHTTPServer

/// Adapts a responder to the HTTP server.
struct HubService: HTTPService {
  let responder: any Responder
  let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

  func respond(to request: Request, _ body: any RequestBody) async throws -> Response {
    try await responder.responseOrError(HubRequest(request), body)
  }

  func errorResponse(_ problem: RequestProblem) -> Response { SpecError.of(problem).response }
}
