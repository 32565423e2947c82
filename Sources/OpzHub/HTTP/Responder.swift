import OpzHTTPServer

/// Something that answers requests: the registry, and what stands before it.
protocol Responder: Sendable {
  /// - Throws: `SpecError` for what the client is told; `HangUp` for the end of the connection.
  func answer(_ request: HubRequest, _ body: any RequestBody) async throws -> Answer
}

extension Responder {
  /// The answer, be it an error's.
  /// - Throws: `HangUp` alone.
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
