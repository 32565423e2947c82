/// The body of a request, and what is known about it before it is read.
package struct Exchange: Sendable {
  package var body: [UInt8]
  package let dialect: any InferenceDialect
  /// When the request arrived: its own timeout counts from here.
  package let start: ContinuousClock.Instant
  /// When the client no longer waits, by the transport.
  package let deadline: ContinuousClock.Instant?

  package init(
    _ body: [UInt8], _ dialect: any InferenceDialect, start: ContinuousClock.Instant = .now,
    deadline: ContinuousClock.Instant? = nil
  ) {
    self.body = body
    self.dialect = dialect
    self.start = start
    self.deadline = deadline
  }

  /// By which its memory is estimated.
  package var size: BodySize { BodySize(body.count, valueBytes: dialect.valueBytes) }

  /// The earlier of the transport's deadline and the request's own.
  fileprivate func deadline(of request: InferenceRequest) -> ContinuousClock.Instant? {
    guard let timeout = request.timeout else { return deadline }
    return min(start + timeout, deadline ?? start + timeout)
  }
}

/// The response to one inference request, with its row count and times.
package struct Inference: Sendable {
  package let body: InferenceBody
  package let rows: Int
  package let decoding: Duration
  package let scoring: Duration
  package let encoding: Duration
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
      body: body, rows: answer.rows, decoding: decoded - begin, scoring: scored - decoded, encoding: .now - scored)
  }

  /// Answers a request by a predictor elsewhere.
  /// - Parameter thread: runs work that would hold the caller's thread for long.
  package func infer(
    remotely exchange: Exchange, _ limits: ServerLimits,
    _ thread: (@escaping @Sendable () throws -> (InferenceRequest, ContinuousClock.Instant?)) async throws -> (
      InferenceRequest, ContinuousClock.Instant?
    )
  ) async throws -> Inference {
    let begin = ContinuousClock.now
    let (request, deadline) = try await thread { [self] in try read(exchange, limits) }
    let decoded = ContinuousClock.now
    let answer = try await answer(remotely: request, by: deadline)
    let scored = ContinuousClock.now
    let body = try exchange.dialect.response(answer)
    return Inference(
      body: body, rows: answer.rows, decoding: decoded - begin, scoring: scored - decoded, encoding: .now - scored)
  }

  private func read(_ exchange: Exchange, _ limits: ServerLimits) throws -> (InferenceRequest, ContinuousClock.Instant?)
  {
    try check(body: exchange.body.count, limits)
    let request = try exchange.dialect.request(exchange.body, InferenceContext(self, limits))
    return (request, exchange.deadline(of: request))
  }
}
