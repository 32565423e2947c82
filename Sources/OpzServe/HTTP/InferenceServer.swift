public import OpzHTTPServer
import OpzIO
public import OpzInference

/// Handles the requests of the Open Inference Protocol for one model. It is independent of sockets.
public final class InferenceServer: HTTPService {
  /// Bodies up to this size are scored on the connection's thread, in about a millisecond; larger ones on
  /// `ScoringThreads`.
  static let inlineBytes = 64 << 10

  public let methods = ["GET", "HEAD", "POST"]
  public let model: ServedModel
  public let limits: ServerLimits
  let lifecycle = Lifecycle()
  let metrics = Metrics()
  private let admission: Admission
  private let threads: ScoringThreads
  private let documents: ServerDocuments
  private let metricsDocument: MetricsDocument

  /// - Parameters:
  ///   - version: the server's own version.
  ///   - cores: how many large requests are scored at once.
  public init(_ model: ServedModel, limits: ServerLimits = ServerLimits(), version: String, cores: Int) {
    self.model = model
    self.limits = limits
    admission = Admission(limits)
    threads = ScoringThreads(count: cores, memory: limits.scoringBudget)
    documents = ServerDocuments(model: model, version: version)
    metricsDocument = MetricsDocument(model: model, version: version, started: unixMilliseconds())
  }

  /// Handles and counts any request.
  public func respond(to request: Request, _ body: any RequestBody) async throws -> Response {
    let route = InferenceRoute(path: request.path)
    var response: Response
    do {
      response = try await respond(to: request, route, body)
    } catch let failure as RequestFailure {
      response = .failure(failure)
      response.delivery.closes = failure.leavesBody
    } catch let problem as RequestProblem {
      response = .failure(RequestFailure(problem.status, problem.reason))
      response.delivery.closes = true
    } catch {
      response = .failure(RequestFailure(500, "the server failed to response the request"))
      printError("a request failed: \(error)")
    }
    if let route, response.status == 405 { response["Allow"] = Response.allow(route.methods) }
    // Otherwise the client would send its next request to a server that is gone.
    if lifecycle.isDraining { response.delivery.closes = true }
    metrics.count(route?.label ?? "other", response.status)
    return response
  }

  /// Counts a request that could not be parsed and builds the JSON error response for it.
  public func errorResponse(_ problem: RequestProblem) -> Response {
    metrics.count("other", problem.status)
    return .failure(RequestFailure(problem.status, problem.reason))
  }

  private func respond(to request: Request, _ route: InferenceRoute?, _ body: any RequestBody) async throws -> Response
  {
    guard let route else { throw RequestFailure(404, "this server has no such path") }
    if case .model(let name, let version, _) = route { try check(name: name, version: version) }
    if request.method == "OPTIONS" { return .options(route.methods) }
    guard route.methods.contains(request.method) else {
      throw RequestFailure(405, "the method \(request.method) is not allowed here: use \(route.methods[0])")
    }
    switch route {
    case .server: return documents.server()
    case .live: return documents.live()
    case .ready: return documents.ready(lifecycle.isReady)
    case .models: return documents.models()
    case .metrics:
      return metricsDocument.response(
        metrics.snapshot, inFlight: admission.requests, isReady: lifecycle.isReady)
    case .model(_, _, .metadata): return documents.metadata()
    case .model(_, _, .ready): return documents.modelReady(lifecycle.isReady)
    case .statistics, .model(_, _, .statistics): return documents.statistics(metrics.snapshot)
    case .model(_, _, .infer): return try await infer(request, body)
    }
  }

  private func check(name: String, version: String?) throws {
    guard name == model.name else {
      throw RequestFailure(404, "there is no model '\(name.prefix(200))': this server has '\(model.name)'")
    }
    guard version == nil || version == model.version else {
      throw RequestFailure(
        404, "there is no version '\(version?.prefix(100) ?? "")' of '\(name)': this server has '\(model.version)'")
    }
  }

  private func infer(_ request: Request, _ body: any RequestBody) async throws -> Response {
    let start = ContinuousClock.now
    let ticket = admission.open()
    defer { ticket.close() }
    do {
      let inference = try await score(request, body, ticket)
      metrics.inferred(inference, in: ContinuousClock.now - start, now: unixMilliseconds())
      var response = Response.json(inference.body)
      ticket.hold(bytes: inference.body.count)
      response.lease = ticket
      return response
    } catch {
      metrics.inferred(nil, in: ContinuousClock.now - start, now: unixMilliseconds())
      throw error
    }
  }

  private func score(_ request: Request, _ body: any RequestBody, _ ticket: Admission.Ticket) async throws
    -> ServedModel.Inference
  {
    // The response's memory is reserved together with the body's, so that no body is read in vain.
    if let length = request.length {
      try ticket.add(bytes: model.response(ofBody: Int(clamping: min(length, UInt64(limits.bodyBytes))), limits))
    }
    let bytes = try await BodyReader(limit: limits.bodyBytes).read(request, body, ticket)
    if request.length == nil { try ticket.add(bytes: model.response(ofBody: bytes.count, limits)) }
    try ticket.score()
    if bytes.count <= InferenceServer.inlineBytes { return try model.infer(bytes, limits) }
    return try await threads.run(memory: model.memory(ofBody: bytes.count, limits)) { [model, limits] in
      try model.infer(bytes, limits)
    }
  }
}
