package import OpzHTTPServer
package import OpzRegistry

/// Makes a registry that follows the specification behave like a known registry. Each quirk sees requests before the
/// registry does, or its responses.
package struct ProfileResponder: Responder {
  let inner: any Responder
  private let effects: [Quirk.Effect]
  private let memory = QuirkMemory()

  init(_ inner: any Responder, _ quirks: [Quirk]) {
    self.inner = inner
    effects = quirks.flatMap(\.effects)
  }

  /// A registry with quirks.
  package init(_ registry: Registry, quirks: [Quirk]) throws { self.init(try RegistryResponder(registry), quirks) }

  package func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response {
    if let refusal = try refusal(request) { return refusal }
    return try await accept(request, body)
  }

  /// The response to a request that this registry rejects before it reads the body; nil if it does not.
  package func refusal(_ request: HubRequest) throws -> Response? {
    for case .refuses(let refusal) in effects {
      if let response = try refusal(request, memory) { return response }
    }
    return nil
  }

  /// Responds to a request that `refusal` did not reject.
  package func accept(_ original: HubRequest, _ given: any RequestBody) async throws -> Response {
    var (request, body) = (original, given)
    do {
      for case .reads(let read) in effects { try await read(&request, &body, memory) }
    } catch let refusal as SpecError {
      return refusal.response
    }
    var response: Response
    do {
      response = try await inner.respond(to: request, body)
    } catch let end as ConnectionClosed {
      try await cut(request)
      throw end
    }
    for case .changes(let change) in effects { change(request, &response, memory) }
    return response
  }

  private func cut(_ request: HubRequest) async throws {
    guard [.uploadChunk, .uploadFinish].contains(request.kind),
      effects.contains(where: { if case .endsCutUploads = $0 { true } else { false } })
    else { return }
    var cancel = request
    cancel.method = "DELETE"
    _ = try await inner.respond(to: cancel, KnownBody([]))
  }
}
