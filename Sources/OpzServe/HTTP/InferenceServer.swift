public import OpzHTTPServer
import OpzIO
public import OpzInference
import OpzJSON

/// Handles the requests of the Open Inference Protocol for one model. It is independent of sockets.
public final class InferenceServer: HTTPService {
  public let methods = ["GET", "HEAD", "POST"]
  public let endsWithCaller = true
  public let model: ServedModel
  public let limits: ServerLimits
  let lifecycle = Lifecycle()
  let metrics = Metrics()
  let admission: Admission
  private let threads: ScoringThreads
  let documents: ServerDocuments
  private let metricsDocument: MetricsDocument
  let log: RequestLog

  /// A server without a log of requests.
  /// - Parameters:
  ///   - version: the server's own version.
  ///   - cores: how many large requests are scored at once.
  public convenience init(_ model: ServedModel, limits: ServerLimits = ServerLimits(), version: String, cores: Int) {
    self.init(model, limits: limits, version: version, cores: cores, names: [], log: .none)
  }

  /// - Parameters:
  ///   - names: names of other servers under which metrics are exported too.
  ///   - log: takes requests.
  init(
    _ model: ServedModel, limits: ServerLimits, version: String, cores: Int, names: Set<MetricNames>, log: RequestLog
  ) {
    self.model = model
    self.log = log
    self.limits = limits
    admission = Admission(limits)
    threads = ScoringThreads(count: cores, memory: limits.scoringBudget)
    documents = ServerDocuments(model: model, version: version)
    metricsDocument = MetricsDocument(model: model, version: version, started: unixMilliseconds(), names: names)
  }

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
    case .openAPI: return try counted(documents.openAPI())
    case .page: return try counted(documents.page())
    case .metrics:
      return metricsDocument.response(metrics.snapshot, inFlight: admission.requests, isReady: isReady)
    case .model(_, _, .metadata): return documents.metadata()
    case .model(_, _, .ready): return documents.modelReady(isReady)
    case .statistics, .model(_, _, .statistics): return documents.statistics(metrics.snapshot)
    case .model(_, _, .infer):
      return try await infer(
        request, body, dialect: OpenInferenceDialect(jsonCount: try InferenceServer.jsonCount(request)), record: &record
      )
    case .repositoryIndex: return try await repositoryIndex(request, body)
    case .repositoryChange:
      throw RequestFailure(501, InferenceServer.loadsNone)
    case .model(_, _, .predict): return try await infer(request, body, dialect: RowsDialect(.json), record: &record)
    case .model(_, _, .explain): throw RequestFailure(501, "this server explains no predictions")
    case .invocations:
      return try await infer(request, body, dialect: try InferenceServer.rows(request), record: &record)
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

  private func infer(
    _ request: Request, _ body: any RequestBody, dialect: any InferenceDialect, record: inout RequestRecord
  ) async throws -> Response {
    let (start, id) = (record.start, record.id)
    let deadline = try RequestDeadline.of(request.fields, start)
    // How long a body is that is compressed, or comes in chunks, is known once it is there.
    let announced = request.field("content-encoding") == nil ? request.length : nil
    let (inference, ticket) = try await counted(&record) { ticket in
      // The response's memory is reserved together with the body's, so that no body is read in vain.
      if let announced {
        let count = Int(clamping: min(announced, UInt64(limits.bodyBytes)))
        try ticket.add(bytes: model.response(BodySize(count, dialect), limits))
      }
      let reader = BodyReader(limit: limits.bodyBytes) { [threads] in try await threads.run(memory: 0, $0) }
      let bytes = try await reader.read(request, body, ticket: ticket)
      if announced == nil { try ticket.add(bytes: model.response(BodySize(bytes.count, dialect), limits)) }
      return Exchange(bytes, dialect, start: start, deadline: deadline, id: id)
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
  ///   - read: reads the request's body within what the ticket admits.
  /// - Returns: the response, and the ticket that holds its memory until it is sent.
  func counted(
    _ record: inout RequestRecord, _ read: (Admission.Ticket) async throws -> Exchange
  ) async throws -> (inference: Inference, ticket: Admission.Ticket) {
    let start = ContinuousClock.now
    let ticket = admission.open()
    defer { ticket.close() }
    do {
      let exchange = try await read(ticket)
      try ticket.score()
      let inference = try await infer(exchange, ticket)
      metrics.inferred(inference, in: ContinuousClock.now - start, now: unixMilliseconds())
      record.learn(inference, exchange.body.count)
      ticket.hold(bytes: inference.body.bytes.count)
      return (inference, ticket)
    } catch {
      metrics.failed(error, in: ContinuousClock.now - start)
      throw error
    }
  }

  private func infer(_ exchange: Exchange, _ ticket: Admission.Ticket) async throws -> Inference {
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
  var isReady: Bool { lifecycle.isReady && model.isReady }
}
