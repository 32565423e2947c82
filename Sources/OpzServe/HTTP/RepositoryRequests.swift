import OpzHTTPServer
import OpzInference
import OpzJSON

/// Requests about the repository: what there is, and its change.
extension InferenceServer {
  /// Bytes of a request that has a few parameters at most.
  private static let mostBytes = 64 << 10

  /// `POST /v2/repository/index`, with `{"ready": true}` for models that answer.
  func repositoryIndex(_ request: Request, _ body: any RequestBody) async throws -> Response {
    let bytes = try await small(request, body)
    var isReadyOnly = false
    if !bytes.isEmpty {
      do {
        try JSONCursor.read(bytes) { cursor in
          try cursor.object("the request") { key, cursor in
            if key == "ready" { isReadyOnly = cursor.take(word: "true") }
            if !isReadyOnly || key != "ready" { try cursor.skip() }
          }
        }
      } catch let failure as JSONFailure {
        throw RequestFailure.bad("the body is not valid \(failure)")
      }
    }
    return documents.repositoryIndex(await index(isReadyOnly: isReadyOnly))
  }

  private func small(_ request: Request, _ body: any RequestBody) async throws -> [UInt8] {
    let ticket = admission.open()
    let limit = min(limits.bodyBytes, InferenceServer.mostBytes)
    return try await BodyReader(limit: limit).read(request, body, ticket: ticket)
  }

  /// The entries of the index, by what the directory has now.
  func index(isReadyOnly: Bool) async -> [IndexEntry] {
    await models.refresh()
    let entries = models.index(isOpen: lifecycle.isReady)
    return isReadyOnly ? entries.filter { $0.state == .ready } : entries
  }

  static let loadsNone =
    "this server serves what it was started with: without --allow-load it loads and unloads none"

  /// Loads or unloads a model, for those who may.
  func change(
    _ change: RepositoryChange, _ request: Request, body: any RequestBody
  ) async throws -> RepositoryChange {
    try permit(request)
    try RepositoryChange.check(try await small(request, body))
    try await apply(change)
    return change
  }

  /// Refuses those who may not change what is served, before anything of their request is read.
  /// - Throws: `RequestFailure` with 501, 401 or 503.
  func permit(_ request: Request) throws {
    guard let token else { throw RequestFailure(501, InferenceServer.loadsNone, leavesBody: request.hasBody) }
    do {
      try token.check(request.fields)
    } catch let failure as RequestFailure {
      throw RequestFailure(failure.status, failure.message, leavesBody: request.hasBody)
    }
    guard !lifecycle.isDraining else {
      throw RequestFailure(503, "the server is stopping", leavesBody: request.hasBody)
    }
  }

  /// Goes on when the caller leaves: what has begun is neither half done nor undone.
  func apply(_ change: RepositoryChange) async throws {
    let task = Task.detached(priority: Task.currentPriority) { [models] in
      switch change.verb {
      case .load: try await models.load(change.name)
      case .unload: try await models.unload(change.name)
      }
    }
    try await task.value
  }
}
