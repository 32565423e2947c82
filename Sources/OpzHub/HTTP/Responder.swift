import OpzHTTPServer

/// Handles requests: the registry, or a layer in front of it.
protocol Responder: Sendable {
  /// - Throws: `SpecError` to send to the client; `HangUp` to close the connection.
  func answer(_ request: HubRequest, _ body: any RequestBody) async throws -> Answer
}

extension Responder {
  /// The response, with a `SpecError` turned into its error response.
  /// - Throws: only `HangUp`.
  func settled(_ request: HubRequest, _ body: any RequestBody) async throws -> Answer {
    do {
      return try await answer(request, body)
    } catch let end as HangUp {
      throw end
    } catch {
      return SpecError.of(error).answer
    }
  }
}
