package import OpzHTTPServer

/// Handles requests: the registry, or a layer in front of it.
package protocol Responder: Sendable {
  /// - Throws: `SpecError` to send to the client; `ConnectionClosed` to close the connection.
  func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response
}

extension Responder {
  /// The response, with a `SpecError` turned into its error response.
  /// - Throws: only `ConnectionClosed`.
  func responseOrError(_ request: HubRequest, _ body: any RequestBody) async throws -> Response {
    do {
      return try await respond(to: request, body)
    } catch let end as ConnectionClosed {
      throw end
    } catch {
      return SpecError.of(error).response
    }
  }
}
