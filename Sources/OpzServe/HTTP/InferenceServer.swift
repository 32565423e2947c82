public import OpzHTTPServer
import OpzIO
public import OpzInference
import OpzJSON

/// Handles the requests of the Open Inference Protocol for the models of a repository. It is independent of sockets.
public final class InferenceServer: HTTPService {
  public let methods = ["GET", "HEAD", "POST"]
  public let endsWithCaller = true
  let models: ModelRepository
  public let limits: ServerLimits
  let lifecycle = Lifecycle()
  let admission: Admission
  private let threads: ScoringThreads
  let documents: ServerDocuments
  private let metricsDocument: MetricsDocument
  let log: RequestLog
  /// Who may load and unload models; nil for nobody.
  let token: LoadToken?

  /// A server of one model that is not loaded again, without a log of requests.
  /// - Parameters:
  ///   - version: the server's own version.
  ///   - cores: how many large requests are scored at once.
  public convenience init(_ model: ServedModel, limits: ServerLimits = ServerLimits(), version: String, cores: Int) {
    self.init(ModelRepository([model]), limits: limits, version: version, cores: cores)
  }

  /// - Parameters:
  ///   - names: names of other servers under which metrics are exported too.
  ///   - log: takes requests.
  ///   - token: what those send who may load and unload models; nil to let nobody.
  init(
    _ models: ModelRepository, limits: ServerLimits, version: String, cores: Int, names: Set<MetricNames> = [],
    log: RequestLog = .none, token: LoadToken? = nil
  ) {
    self.models = models
    self.log = log
    self.limits = limits
    self.token = token
    admission = Admission(limits)
    threads = ScoringThreads(count: cores, memory: limits.scoringBudget)
    documents = ServerDocuments(version: version)
    metricsDocument = MetricsDocument(
      version: version, started: unixMilliseconds(), names: names, isSeveral: models.isSeveral)
  }

  /// Counts what belongs to no model.
  var metrics: Metrics { models.metrics }

  /// Handles, counts and logs any request.
  public func respond(to request: Request, _ body: any RequestBody) async throws -> Response {
    var record = RequestRecord(request, makesID: log.isOn)
    var response: Response
    if InferenceServer.isGRPC(request), request.isHTTP2 {
      response = await call(request, body, record: &record)
    } else {
      response = await answer(request, body, record: &record)
      log.note(record, status: response.status, sent: response.body.count)
    }
    if let id = record.id { response["X-Request-ID"] = id }
    return response
  }

  private func answer(_ request: Request, _ body: any RequestBody, record: inout RequestRecord) async -> Response {
    let route = InferenceRoute(path: request.path)
    var response: Response
    do {
      guard !InferenceServer.isGRPC(request) else {
        throw RequestFailure(415, "gRPC needs HTTP/2: use h2c by prior knowledge", leavesBody: true)
      }
      response = try await respond(to: request, route, body, record: &record)
    } catch let failure as RequestFailure {
      response = .failure(failure)
      response.delivery.closes = failure.leavesBody
    } catch let problem as RequestProblem {
      response = .failure(RequestFailure(problem.status, problem.reason))
      response.delivery.closes = true
    } catch is CancellationError {
      // Nobody reads it, and it is counted as nginx does.
      response = .failure(RequestFailure(499, "the client left before the response", leavesBody: true))
      response.delivery.closes = true
    } catch {
      response = .failure(RequestFailure(500, "the server failed to respond to the request"))
      printError("a request failed: \(error)")
    }
    if response.status == 401 { response["WWW-Authenticate"] = LoadToken.challenge }
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

  private func respond(
    to request: Request, _ route: InferenceRoute?, _ body: any RequestBody, record: inout RequestRecord
  ) async throws -> Response {
    guard let route else { throw RequestFailure(404, "this server has no such path") }
    let version = try version(of: route)
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
    case .models: return documents.models(models.loaded.names)
    case .openAPI: return try counted(documents.openAPI(models.described()))
    case .page: return try counted(documents.page())
    case .metrics: return metricsDocument.response(models, inFlight: admission.requests, isReady: isReady)
    case .statistics: return documents.statistics(models.loaded.all)
    case .repositoryIndex: return try await repositoryIndex(request, body)
    case .repositoryChange(let verb, let name):
      return try await change(RepositoryChange(verb, name), request, body: body).response
    case .invocations:
      return try await infer(
        request, body, of: try models.loaded.only(), dialect: try InferenceServer.rows(request), record: &record)
    case .model(let name, let number, let part):
      // Whether a model is ready can be asked of one that is not loaded.
      guard let version else { return documents.modelReady(name, false) }
      if part == .statistics {
        return documents.statistics(number == nil ? models.loaded.models[name] ?? [] : [version])
      }
      return try await respond(to: request, part, of: version, body, record: &record)
    }
  }

  /// The version that a route asks about; nil for one that is of no model, or only asks whether it is ready.
  private func version(of route: InferenceRoute) throws -> ServedVersion? {
    switch route {
    case .model(let name, _, .ready) where models.loaded.models[name] == nil && models.isKnown(name): nil
    case .model(let name, let version, _): try models.find(name, version)
    // Whoever may not load them learns nothing but what there is.
    case .repositoryChange(_, let name) where token == nil: try models.find(name, nil)
    default: nil
    }
  }

  private func respond(
    to request: Request, _ part: InferenceRoute.Model, of version: ServedVersion, _ body: any RequestBody,
    record: inout RequestRecord
  ) async throws -> Response {
    switch part {
    case .metadata: return documents.metadata(version.model, models.loaded.models[version.model.name] ?? [version])
    case .ready: return documents.modelReady(version.model.name, isReady(version))
    case .statistics: return documents.statistics([version])
    case .infer:
      let dialect = OpenInferenceDialect(jsonCount: try InferenceServer.jsonCount(request))
      return try await infer(request, body, of: version, dialect: dialect, record: &record)
    case .predict: return try await infer(request, body, of: version, dialect: RowsDialect(.json), record: &record)
    case .explain: throw RequestFailure(501, "this server explains no predictions")
    }
  }

  /// A document whose memory is counted until it is sent, because clients may take it slowly.
  private func counted(_ document: Response) throws -> Response {
    var document = document
    let ticket = admission.open()
    ticket.close()
    try ticket.add(bytes: Int(clamping: document.body.count))
    document.lease = ticket
    return document
  }

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

  private func infer(
    _ request: Request, _ body: any RequestBody, of version: ServedVersion, dialect: any InferenceDialect,
    record: inout RequestRecord
  ) async throws -> Response {
    let model = version.model
    let (start, id) = (record.start, record.id)
    let deadline = try RequestDeadline.of(request.fields, start)
    // How long a body is that is compressed, or comes in chunks, is known once it is there.
    let announced = request.field("content-encoding") == nil ? request.length : nil
    let (inference, ticket) = try await counted(&record, of: version) { ticket in
      // The response's memory is reserved together with the body's, so that no body is read in vain.
      if let announced {
        let count = Int(clamping: min(announced, UInt64(limits.bodyBytes)))
        try ticket.add(bytes: model.response(BodySize(count, dialect), limits))
      }
      let reader = BodyReader(limit: limits.bodyBytes) { [threads] in try await threads.run(memory: 0, $0) }
      let bytes = try await reader.read(request, body, ticket: ticket)
      if announced == nil { try ticket.add(bytes: model.response(BodySize(bytes.count, dialect), limits)) }
      return (version, Exchange(bytes, dialect, start: start, deadline: deadline, id: id))
    }
    var response = Response(inference.body.contentType, inference.body.bytes)
    if let count = inference.body.jsonCount { response["Inference-Header-Content-Length"] = "\(count)" }
    if let contract = inference.contract { response["Opz-Contract"] = contract }
    response.lease = ticket
    return response
  }

  /// Answers one inference request of any transport, and counts it.
  /// - Parameters:
  ///   - record: learns what it took.
  ///   - asked: the version that answers; nil where only the body says it.
  ///   - read: reads the request's body within what the ticket admits, and says which version answers.
  /// - Returns: the response, and the ticket that holds its memory until it is sent.
  func counted(
    _ record: inout RequestRecord, of asked: ServedVersion? = nil,
    _ read: (Admission.Ticket) async throws -> (ServedVersion, Exchange)
  ) async throws -> (inference: Inference, ticket: Admission.Ticket) {
    let start = ContinuousClock.now
    let ticket = admission.open()
    defer { ticket.close() }
    var known = asked
    // It is not ended before it has answered.
    defer { withExtendedLifetime(known) {} }
    do {
      let (version, exchange) = try await read(ticket)
      known = version
      try ticket.score()
      let inference = try await infer(exchange, of: version, ticket)
      version.metrics.inferred(inference, in: ContinuousClock.now - start, now: unixMilliseconds())
      record.learn(inference, exchange.body.count)
      ticket.hold(bytes: inference.body.bytes.count)
      return (inference, ticket)
    } catch {
      (known?.metrics ?? metrics).failed(error, in: ContinuousClock.now - start)
      throw error
    }
  }

  private func infer(_ exchange: Exchange, of version: ServedVersion, _ ticket: Admission.Ticket) async throws
    -> Inference
  {
    let model = version.model
    guard case .native = model.backend else {
      return try await model.infer(remotely: exchange, limits, threads: threads, ticket: ticket)
    }
    let size = BodySize(of: exchange.body, exchange.dialect)
    if model.isShort(size, limits) { return try model.infer(exchange, limits) }
    return try await threads.run(memory: model.memory(size, limits)) { [model, limits] in
      try model.infer(exchange, limits)
    }
  }

  // MARK: What clients send ahead

  /// Reserves memory beside that of requests.
  public func reserve(windowBytes: Int) -> Bool { admission.take(windowBytes) }

  /// Gives it back.
  public func release(windowBytes: Int) { admission.give(windowBytes) }

  /// Whether requests are answered now.
  var isReady: Bool { lifecycle.isReady && models.isReady }

  /// Whether requests to one version are answered now.
  func isReady(_ version: ServedVersion) -> Bool { lifecycle.isReady && version.model.isReady }
}
