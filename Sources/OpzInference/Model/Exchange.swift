/// The body of a request, and what is known about it before it is read.
package struct Exchange: Sendable {
  package var body: [UInt8]
  package let dialect: any InferenceDialect
  /// When the request arrived: its own timeout counts from here.
  package let start: ContinuousClock.Instant
  /// When the client no longer waits, by the transport.
  package let deadline: ContinuousClock.Instant?
  /// By which the transport knows the request, for logs.
  package let id: String?

  package init(
    _ body: [UInt8], _ dialect: any InferenceDialect, start: ContinuousClock.Instant = .now,
    deadline: ContinuousClock.Instant? = nil, id: String? = nil
  ) {
    self.body = body
    self.dialect = dialect
    self.start = start
    self.deadline = deadline
    self.id = id
  }

  /// Bodies up to this size are read on the thread of their connection, which takes about a millisecond.
  package static let shortBytes = 64 << 10

  /// The earlier of the transport's deadline and the request's own.
  fileprivate func deadline(of request: InferenceRequest) -> ContinuousClock.Instant? {
    guard let timeout = request.timeout else { return deadline }
    return min(start + timeout, deadline ?? start + timeout)
  }
}

/// The response to one inference request, with its row count and times.
package struct Inference: Sendable {
  package let body: InferenceBody
  /// The request's own id.
  package let id: String?
  package let rows: Int
  package let decoding: Duration
  package let scoring: Duration
  package let encoding: Duration
  /// What the contract found, and how the response's transport says it.
  package let violations: [ContractViolation]
  package let contract: String?
}

extension ServedModel {
  /// Answers a request with the scorer, on the thread of the caller.
  /// - Throws: `RequestFailure`, and what the predictor throws.
  package func infer(_ exchange: Exchange, _ limits: ServerLimits) throws -> Inference {
    let begin = ContinuousClock.now
    let (request, deadline) = try read(exchange, limits)
    let decoded = ContinuousClock.now
    let answer = try answer(request, by: deadline, limits)
    let scored = ContinuousClock.now
    let body = try exchange.dialect.response(answer)
    return Inference(
      body: body, id: answer.id, rows: answer.rows, decoding: decoded - begin, scoring: scored - decoded,
      encoding: .now - scored, violations: answer.violations, contract: answer.contract)
  }

  /// Answers a request by a predictor elsewhere.
  /// - Parameters:
  ///   - threads: run work that would hold the caller's thread for long; nil for the caller's thread.
  ///   - ticket: counts the memory of the response while it is written.
  package func infer(
    remotely exchange: Exchange, _ limits: ServerLimits, threads: ScoringThreads? = nil,
    ticket: Admission.Ticket? = nil
  ) async throws -> Inference {
    let begin = ContinuousClock.now
    let size = BodySize(of: exchange.body, exchange.dialect)
    let (request, deadline) = try await run(isShort(size, limits) ? nil : threads, memory(size, limits)) { [self] in
      try read(exchange, limits)
    }
    let decoded = ContinuousClock.now
    let answer = try await answer(remotely: request, by: deadline, id: exchange.id)
    let scored = ContinuousClock.now
    let bytes = exchange.dialect.responseBytes(answer)
    ticket?.hold(bytes: exchange.body.count.plus(bytes))
    let body = try await run(bytes <= Exchange.shortBytes ? nil : threads, bytes) {
      try exchange.dialect.response(answer)
    }
    return Inference(
      body: body, id: answer.id, rows: answer.rows, decoding: decoded - begin, scoring: scored - decoded,
      encoding: .now - scored, violations: answer.violations, contract: answer.contract)
  }

  private func run<Value: Sendable>(
    _ threads: ScoringThreads?, _ memory: Int, work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    guard let threads else { return try work() }
    return try await threads.run(memory: memory, work)
  }

  private func read(_ exchange: Exchange, _ limits: ServerLimits) throws -> (InferenceRequest, ContinuousClock.Instant?)
  {
    try check(body: exchange.body.count, limits)
    let request = try exchange.dialect.request(exchange.body, InferenceContext(self, limits))
    return (request, exchange.deadline(of: request))
  }
}
