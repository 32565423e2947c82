internal import Hummingbird
import OpzIO

/// Answers the protocol's requests for one model. It knows nothing of sockets.
public final class InferenceServer: Sendable {
  /// Bodies up to this size are scored where they are read, in about a millisecond; larger ones on `ScoringThreads`.
  static let inlineBytes = 64 << 10

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
  ///   - cores: how many requests of many rows are scored at once.
  public init(_ model: ServedModel, limits: ServerLimits = ServerLimits(), version: String, cores: Int) {
    self.model = model
    self.limits = limits
    admission = Admission(limits)
    threads = ScoringThreads(count: cores)
    documents = ServerDocuments(model: model, version: version)
    metricsDocument = MetricsDocument(model: model, version: version, started: unixMilliseconds())
  }

  /// Answers any request, and counts it.
  func answer(_ request: Request) async -> Answer {
    let isHead = request.method == .head
    let route = Route(target: request.uri.string)
    var answer: Answer
    do {
      answer = try await respond(to: request, route, method: isHead ? "GET" : request.method.rawValue)
    } catch let failure as RequestFailure {
      answer = .failure(failure)
      answer.closes = failure.leavesBody
    } catch {
      answer = .failure(RequestFailure(500, "the request could not be answered"))
      printError("a request failed: \(error)")
    }
    if let route, answer.status == 405 { answer.fields.append(("allow", route.allowed)) }
    metrics.count(route?.label ?? "other", answer.status)
    return answer
  }

  private func respond(to request: Request, _ route: Route?, method: String) async throws -> Answer {
    guard let route else { throw RequestFailure(404, "there is nothing at this path") }
    if case .model(let name, let version, _) = route { try check(name: name, version: version) }
    guard method == route.method else {
      throw RequestFailure(405, "the method \(method.prefix(20)) is not allowed here: use \(route.method)")
    }
    switch route {
    case .server: return documents.server()
    case .live: return documents.live()
    case .ready: return documents.ready(lifecycle.isReady)
    case .models: return documents.models()
    case .metrics:
      return metricsDocument.answer(
        metrics.snapshot, inFlight: admission.requests, isReady: lifecycle.isReady)
    case .model(_, _, .metadata): return documents.metadata()
    case .model(_, _, .ready): return documents.modelReady(lifecycle.isReady)
    case .statistics, .model(_, _, .statistics): return documents.statistics(metrics.snapshot)
    case .model(_, _, .infer): return try await infer(request)
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

  private func infer(_ request: Request) async throws -> Answer {
    let start = ContinuousClock.now
    do {
      let inference = try await score(request)
      metrics.inferred(inference, in: ContinuousClock.now - start, now: unixMilliseconds())
      return .json(inference.body)
    } catch {
      metrics.inferred(nil, in: ContinuousClock.now - start, now: unixMilliseconds())
      throw error
    }
  }

  private func score(_ request: Request) async throws -> ServedModel.Inference {
    var ticket = admission.open()
    defer { ticket.close() }
    let body = try await BodyReader(limit: limits.bodyBytes).read(request) { try ticket.add(bytes: $0) }
    try ticket.score()
    if body.count <= InferenceServer.inlineBytes { return try model.infer(body, limits) }
    return try await threads.run { [model, limits] in try model.infer(body, limits) }
  }
}

extension Route {
  /// The `Allow` header field's value.
  fileprivate var allowed: String { method == "GET" ? "GET, HEAD" : method }
}
