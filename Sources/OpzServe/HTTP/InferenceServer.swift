public import OpzHTTPServer
import OpzIO
public import OpzInference
import OpzJSON

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
  let admission: Admission
  private let threads: ScoringThreads
  let documents: ServerDocuments
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
    if InferenceServer.isGRPC(request) {
      guard request.isHTTP2 else {
        return .failure(RequestFailure(415, "gRPC needs HTTP/2: use h2c by prior knowledge"))
      }
      return await call(request, body)
    }
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
    if case .repositoryChange(let name) = route { try check(name: name, version: nil) }
    if request.method == "OPTIONS" { return .options(route.methods) }
    guard route.methods.contains(request.method) else {
      throw RequestFailure(405, "the method \(request.method) is not allowed here: use \(route.methods[0])")
    }
    switch route {
    case .server: return documents.server()
    case .live: return documents.live()
    case .ready: return documents.ready(isReady)
    case .ping: return documents.ping(isReady)
    case .version: return documents.versionText()
    case .models: return documents.models()
    case .openAPI: return try documents.openAPI()
    case .page: return documents.page()
    case .metrics:
      return metricsDocument.response(metrics.snapshot, inFlight: admission.requests, isReady: isReady)
    case .model(_, _, .metadata): return documents.metadata()
    case .model(_, _, .ready): return documents.modelReady(isReady)
    case .statistics, .model(_, _, .statistics): return documents.statistics(metrics.snapshot)
    case .model(_, _, .infer):
      return try await infer(
        request, body, dialect: OpenInferenceDialect(jsonCount: try InferenceServer.jsonCount(request)))
    case .repositoryIndex: return try await repositoryIndex(request, body)
    case .repositoryChange:
      throw RequestFailure(501, InferenceServer.loadsNone)
    case .model(_, _, .predict): return try await infer(request, body, dialect: RowsDialect(.json))
    case .model(_, _, .explain): throw RequestFailure(501, "this server explains no predictions")
    case .invocations: return try await infer(request, body, dialect: try InferenceServer.rows(request))
    }
  }

  static let loadsNone = "this server serves the model that it was started with: it loads and unloads none"

  /// Where the JSON of a body with binary tensors ends.
  private static func jsonCount(_ request: Request) throws -> Int? {
    guard let text = request.field("inference-header-content-length") else { return nil }
    guard let count = Int(text), count >= 0 else {
      throw RequestFailure(
        400, "Inference-Header-Content-Length is '\(text.prefix(50))': it is a number of bytes", leavesBody: true)
    }
    return count
  }

  /// The form of MLflow's scoring server that the content type says.
  private static func rows(_ request: Request) throws -> RowsDialect {
    let type = request.field("content-type") ?? "application/json"
    switch type.prefix(while: { $0 != ";" && $0 != " " }).lowercased() {
    case "application/json": return RowsDialect(.json)
    case "text/csv": return RowsDialect(.csv)
    default:
      throw RequestFailure(
        415, "the content type '\(type.prefix(100))' is not one of application/json, text/csv", leavesBody: true)
    }
  }

  /// `POST /v2/repository/index`, with `{"ready": true}` for models that answer.
  private func repositoryIndex(_ request: Request, _ body: any RequestBody) async throws -> Response {
    let ticket = admission.open()
    let bytes = try await BodyReader(limit: min(limits.bodyBytes, 64 << 10)).read(request, body, ticket: ticket)
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
    return documents.repositoryIndex(isReady, isReadyOnly: isReadyOnly)
  }

  func check(name: String, version: String?) throws {
    guard name == model.name else {
      throw RequestFailure(404, "there is no model '\(name.prefix(200))': this server has '\(model.name)'")
    }
    guard version == nil || version == "" || version == model.version else {
      throw RequestFailure(
        404, "there is no version '\(version?.prefix(100) ?? "")' of '\(name)': this server has '\(model.version)'")
    }
  }

  private func infer(_ request: Request, _ body: any RequestBody, dialect: any InferenceDialect) async throws
    -> Response
  {
    let start = ContinuousClock.now
    let deadline = try RequestDeadline.of(request.fields, start)
    let inference = try await counted { ticket in
      // The response's memory is reserved together with the body's, so that no body is read in vain.
      if let length = request.length {
        let count = Int(clamping: min(length, UInt64(limits.bodyBytes)))
        try ticket.add(bytes: model.response(BodySize(count, valueBytes: dialect.valueBytes), limits))
      }
      let bytes = try await BodyReader(limit: limits.bodyBytes).read(request, body, ticket: ticket)
      if request.length == nil {
        try ticket.add(bytes: model.response(BodySize(bytes.count, valueBytes: dialect.valueBytes), limits))
      }
      return Exchange(bytes, dialect, start: start, deadline: deadline)
    }
    var response = Response(inference.body.contentType, inference.body.bytes)
    if let count = inference.body.jsonCount { response["Inference-Header-Content-Length"] = "\(count)" }
    response.lease = inference.ticket
    return response
  }

  /// Answers one inference request of any transport, and counts it.
  /// - Parameter read: reads the request's body within what the ticket admits.
  /// - Returns: the response's body, and the ticket that holds its memory until it is sent.
  func counted(_ read: (Admission.Ticket) async throws -> Exchange) async throws
    -> (body: InferenceBody, ticket: Admission.Ticket)
  {
    let start = ContinuousClock.now
    let ticket = admission.open()
    defer { ticket.close() }
    do {
      let exchange = try await read(ticket)
      try ticket.score()
      let inference = try await infer(exchange)
      metrics.inferred(inference, in: ContinuousClock.now - start, now: unixMilliseconds())
      ticket.hold(bytes: inference.body.bytes.count)
      return (inference.body, ticket)
    } catch {
      metrics.inferred(nil, in: ContinuousClock.now - start, now: unixMilliseconds())
      throw error
    }
  }

  private func infer(_ exchange: Exchange) async throws -> Inference {
    let isShort = exchange.body.count <= InferenceServer.inlineBytes
    let memory = model.memory(exchange.size, limits)
    switch model.backend {
    case .native where isShort: return try model.infer(exchange, limits)
    case .native: return try await threads.run(memory: memory) { [model, limits] in try model.infer(exchange, limits) }
    case .remote:
      return try await model.infer(remotely: exchange, limits) { [threads] read in
        isShort ? try read() : try await threads.run(memory: memory, read)
      }
    }
  }

  /// Whether requests are answered now.
  var isReady: Bool { lifecycle.isReady && model.isReady }
}
