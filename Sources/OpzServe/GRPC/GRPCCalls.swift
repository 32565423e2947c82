import OpzHTTPServer
import OpzIO
import OpzInference
import OpzWire

/// Calls of gRPC: which method, and how its one answer or its stream of answers is sent.
extension InferenceServer {
  /// Whether a request is a call of gRPC.
  static func isGRPC(_ request: Request) -> Bool {
    guard let type = request.field("content-type") else { return false }
    return type == "application/grpc" || type.hasPrefix("application/grpc+") || type.hasPrefix("application/grpc;")
  }

  /// Answers a call, and counts it by its status.
  func call(_ request: Request, _ body: any RequestBody, record: inout RequestRecord) async -> Response {
    let method = GRPCMethod(path: request.path)
    var status = GRPCStatus.ok
    var response: Response
    do {
      response = try await answer(request, body, method: method, record: &record)
    } catch {
      status = InferenceServer.status(of: error)
      response = .grpc(status)
      if let failure = error as? RequestFailure, let seconds = failure.retryAfter {
        response["Retry-After"] = "\(seconds)"
      }
      if status.code == .unauthenticated { response["WWW-Authenticate"] = LoadToken.challenge }
    }
    metrics.count(method?.label ?? "grpc_other", status.code.rawValue)
    note(&response, status, record: record)
    // A client's connection lasts: it is told to send further calls elsewhere (GOAWAY).
    response.delivery.closes = lifecycle.isDraining
    return response
  }

  /// Logs a call; one with a stream of answers when it ends.
  private func note(_ response: inout Response, _ status: GRPCStatus, record: RequestRecord) {
    guard log.isOn, let answers = response.stream else {
      return log.note(record, status: response.status, grpc: status.code.rawValue, sent: response.body.count)
    }
    let note = StreamNote(log, record)
    response.stream = {
      let piece = await answers()
      if case .end(let trailers) = piece { note.end(trailers) }
      return piece
    }
  }

  static func status(of error: any Error) -> GRPCStatus {
    switch error {
    case let status as GRPCStatus: return status
    case let failure as RequestFailure: return GRPCStatus(failure)
    case let failure as WireFailure: return GRPCStatus(.invalidArgument, "the message is malformed: \(failure)")
    case is ConnectionClosed, is CancellationError: return GRPCStatus(.cancelled, "the call was cancelled")
    case let problem as RequestProblem: return GRPCStatus(RequestFailure(problem.status, problem.reason))
    default:
      printError("a call failed: \(error)")
      return GRPCStatus(.internal, "the server failed to answer the call")
    }
  }

  private func answer(
    _ request: Request, _ body: any RequestBody, method: GRPCMethod?, record: inout RequestRecord
  ) async throws -> Response {
    guard request.method == "POST" else { throw GRPCStatus(.unimplemented, "a call is a POST") }
    guard let method else { throw GRPCStatus(.unimplemented, "this server has no method \(request.path.prefix(200))") }
    if let encoding = request.field("grpc-encoding"), encoding != "identity" {
      throw GRPCStatus(
        .unimplemented, "the encoding '\(encoding.prefix(50))' is not supported: this server takes none but identity")
    }
    let deadline = try RequestDeadline.of(request.fields, record.start)
    let isInference = method == .modelInfer || method == .modelStreamInfer
    // Only an inference's memory is counted.
    var messages = GRPCMessages(body, limit: isInference ? limits.bodyBytes : 64 << 10)
    switch method {
    case .modelInfer: return try await infer(&messages, deadline, record: &record)
    case .modelStreamInfer: return .stream(InferStream(self, messages, deadline: deadline, stream: record))
    case .reflection: return .stream(ReflectionStream(self, messages))
    case .repositoryModelLoad, .repositoryModelUnload:
      return try await change(method == .repositoryModelLoad ? .load : .unload, request, messages: &messages)
    case .repositoryIndex:
      let isReadyOnly = try GRPCFields.bool(2, of: try await message(&messages))
      return .grpc(message: GRPCReplies.index(await index(isReadyOnly: isReadyOnly)).bytes)
    case .healthWatch:
      return .stream(try WatchStream(self, service: try GRPCFields.text(1, of: try await message(&messages))))
    default:
      let message = try await message(&messages)
      if let deadline, deadline <= .now { throw GRPCStatus(.deadlineExceeded, "the call's time is over") }
      return .grpc(message: try reply(method, message).bytes)
    }
  }

  /// The one message of a call whose messages are small.
  private func message(_ messages: inout GRPCMessages) async throws -> [UInt8] {
    guard let message = try await messages.next() else { throw GRPCStatus(.invalidArgument, "the call has no message") }
    return message
  }

  private func infer(
    _ messages: inout GRPCMessages, _ deadline: ContinuousClock.Instant?, record: inout RequestRecord
  ) async throws -> Response {
    let known = record
    let (inference, ticket) = try await counted(&record) { ticket in
      guard let message = try await messages.next(ticket) else {
        throw GRPCStatus(.invalidArgument, "the call has no message")
      }
      return try exchange(message, ticket, record: known, deadline: deadline)
    }
    var response = Response.grpc(message: inference.body.bytes)
    response.lease = ticket
    return response
  }

  /// Which version answers a `ModelInferRequest`, and what is to be answered.
  func exchange(
    _ message: [UInt8], _ ticket: Admission.Ticket, record: RequestRecord, deadline: ContinuousClock.Instant?
  ) throws -> (ServedVersion, Exchange) {
    let (name, version) = try ProtobufDialect.model(of: message)
    let asked = try models.find(name, version)
    let dialect = ProtobufDialect()
    try ticket.add(bytes: asked.model.response(BodySize(message.count, dialect), limits))
    return (asked, Exchange(message, dialect, start: record.start, deadline: deadline, id: record.id))
  }

  private func change(
    _ verb: RepositoryChange.Verb, _ request: Request, messages: inout GRPCMessages
  ) async throws -> Response {
    guard token != nil else {
      _ = try models.find(try RepositoryChange(verb, message: try await message(&messages)).name, nil)
      throw RequestFailure(501, InferenceServer.loadsNone)
    }
    try permit(request)
    let change = try RepositoryChange(verb, message: try await message(&messages))
    try await apply(change)
    return .grpc(message: change.message.bytes)
  }

  // MARK: Small calls

  private func reply(_ method: GRPCMethod, _ message: [UInt8]) throws -> WireWriter {
    switch method {
    case .serverLive: return GRPCReplies.flag(true)
    case .serverReady: return GRPCReplies.flag(isReady)
    case .modelReady:
      let (name, number) = try GRPCFields.model(message)
      // Of a model that is not loaded it can be asked too.
      guard models.loaded.models[name] != nil || !models.isKnown(name) else { return GRPCReplies.flag(false) }
      return GRPCReplies.flag(isReady(try models.find(name, number)))
    case .serverMetadata: return GRPCReplies.server(documents)
    case .modelMetadata:
      let (name, number) = try GRPCFields.model(message)
      let version = try models.find(name, number)
      return GRPCReplies.model(version.model, models.loaded.models[name] ?? [version])
    case .modelStatistics:
      let (name, number) = try GRPCFields.model(message)
      guard !name.isEmpty else { return GRPCReplies.statistics(models.loaded.all) }
      let version = try models.find(name, number)
      return GRPCReplies.statistics(number.isEmpty ? models.loaded.models[name] ?? [version] : [version])
    case .healthCheck:
      guard let health = health(try GRPCFields.text(1, of: message)) else {
        throw GRPCStatus(.notFound, "there is no such service")
      }
      return GRPCReplies.health(health)
    case .healthList:
      return GRPCReplies.health(InferenceServer.services.compactMap { name in health(name).map { (name, $0) } })
    case .modelInfer, .modelStreamInfer, .healthWatch, .reflection, .repositoryIndex, .repositoryModelLoad,
      .repositoryModelUnload:
      throw GRPCStatus(.internal)
    }
  }

  /// The services whose health is told; the empty name is the server's.
  private static let services = ["", "inference.GRPCInferenceService"]

  /// Whether a service serves; nil if there is none of this name.
  func health(_ service: String) -> GRPCReplies.Health? {
    if InferenceServer.services.contains(service) { return isReady ? .serving : .notServing }
    if let version = try? models.loaded.find(service, nil) { return isReady(version) ? .serving : .notServing }
    return models.isKnown(service) ? .notServing : nil
  }
}

/// Single fields of small messages.
enum GRPCFields {
  /// The name and version of a request about a model; an empty version for none.
  static func model(_ message: [UInt8]) throws -> (name: String, version: String) {
    (try text(1, of: message), try text(2, of: message))
  }

  /// A `string`; empty where it is missing.
  static func text(_ number: Int, of message: [UInt8]) throws -> String {
    var reader = try WireReader(message)
    var text = ""
    while let field = try reader.next() {
      // Load requests of different servers have different fields with the same number.
      if field.number == number, field.type == .lengthDelimited {
        text = try reader.string(field)
      } else {
        try reader.skip(field)
      }
    }
    return text
  }

  /// A `bool`; false where it is missing.
  static func bool(_ number: Int, of message: [UInt8]) throws -> Bool {
    var reader = try WireReader(message)
    var value = false
    while let field = try reader.next() {
      if field.number == number, field.type == .varint {
        value = try reader.bool(field)
      } else {
        try reader.skip(field)
      }
    }
    return value
  }
}
