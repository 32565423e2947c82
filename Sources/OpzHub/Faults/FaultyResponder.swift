import NIOCore
import OpzHTTPServer

/// Applies a plan's faults to the responses of another responder. It is independent of registry semantics.
struct FaultyResponder: Responder {
  let inner: any Responder
  let count: FaultCount

  func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response {
    guard let (rule, fault) = count.take(request) else { return try await inner.responseOrError(request, body) }
    let strike = Strike(request: request, body: body, rule: rule, inner: inner)
    switch (rule.stage ?? fault.stage, fault.effect) {
    case (.before, .response(let make)), (.after, .response(let make)):
      if (rule.stage ?? fault.stage) == .after { _ = try await inner.responseOrError(request, body) }
      return make(request, rule)
    case (.during, .response(let make)): return try await strike.during { make(request, rule) }
    case (.before, .change(let change)):
      // A read changes nothing, so it is answered for real. For a write the client is told that it succeeded, but
      // nothing was done.
      var response =
        request.kind.isRead ? try await inner.responseOrError(request, body) : FakeSuccess.respond(to: request)
      change(&response, request, rule)
      return response
    case (.during, .change(let change)):
      var response = try await inner.responseOrError(request, strike.shortened)
      change(&response, request, rule)
      if !request.hasBody, response.delivery.cut == nil { response.delivery.cut = rule.at ?? response.body.count / 2 }
      return response
    case (.after, .change(let change)):
      var response = try await inner.responseOrError(request, body)
      change(&response, request, rule)
      return response
    case (let stage, .wire(let wire)): return try await strike.wire(wire, stage)
    }
  }
}

/// One fault applied to one request.
private struct Strike {
  let request: HubRequest
  let body: any RequestBody
  let rule: FaultRule
  let inner: any Responder

  /// Bytes of the request's body after which the fault applies.
  private var at: UInt64 { rule.at ?? (request.length ?? 0) / 2 }

  /// The body as the registry receives it when the rest is lost in transit.
  var shortened: any RequestBody { request.hasBody ? FaultyBody(body, at: at, .end) : body }

  /// Passes the first part of the body to the registry and sends the client another response; without a body, cuts
  /// the response.
  func during(_ other: () -> Response) async throws -> Response {
    guard request.hasBody else {
      var response = try await inner.responseOrError(request, body)
      response.delivery.cut = rule.at ?? response.body.count / 2
      return response
    }
    do {
      _ = try await inner.responseOrError(request, FaultyBody(body, at: at, .hangUp))
    } catch is ConnectionClosed {}
    return other()
  }

  func wire(_ wire: Fault.Wire, _ stage: FaultStage) async throws -> Response {
    switch wire {
    case .cut: return try await end(stage, resets: false)
    case .reset: return try await end(stage, resets: true)
    case .stall: return try await stall(stage)
    case .delay: return try await delay(stage)
    case .drip: return try await drip(stage)
    }
  }

  private func end(_ stage: FaultStage, resets: Bool) async throws -> Response {
    switch stage {
    case .before: throw ConnectionClosed(resets: resets)
    case .during:
      var response: Response
      do {
        response = try await inner.responseOrError(request, request.hasBody ? FaultyBody(body, at: at, .hangUp) : body)
      } catch is ConnectionClosed {
        throw ConnectionClosed(resets: resets)
      }
      // A registry that refuses a request does not wait for its body.
      if request.hasBody { throw ConnectionClosed(resets: resets) }
      response.delivery.cut = rule.at ?? response.body.count / 2
      response.delivery.resets = resets
      return response
    case .after:
      _ = try await inner.responseOrError(request, body)
      throw ConnectionClosed(resets: resets)
    }
  }

  private func stall(_ stage: FaultStage) async throws -> Response {
    let time = Duration.seconds(rule.seconds ?? 30)
    if stage == .during, !request.hasBody {
      var response = try await inner.responseOrError(request, body)
      response.delivery.pause = .init(at: rule.at ?? response.body.count / 2, duration: time, isLast: true)
      return response
    }
    if stage == .after { _ = try await inner.responseOrError(request, body) }
    if stage == .during {
      do {
        _ = try await inner.responseOrError(request, FaultyBody(body, at: at, .hangUp))
      } catch is ConnectionClosed {}
    }
    try await Task.sleep(for: time)
    throw ConnectionClosed()
  }

  private func delay(_ stage: FaultStage) async throws -> Response {
    let time = Duration.seconds(rule.seconds ?? 2)
    switch stage {
    case .before:
      try await Task.sleep(for: time)
      return try await inner.responseOrError(request, body)
    case .during where request.hasBody:
      return try await inner.responseOrError(request, FaultyBody(body, at: at, .pause(time)))
    case .during:
      var response = try await inner.responseOrError(request, body)
      response.delivery.pause = .init(at: rule.at ?? response.body.count / 2, duration: time, isLast: false)
      return response
    case .after:
      var response = try await inner.responseOrError(request, body)
      response.delivery.delay = time
      return response
    }
  }

  private func drip(_ stage: FaultStage) async throws -> Response {
    let time = Duration.seconds(rule.seconds ?? 0.05)
    if stage == .before || stage == .during && request.hasBody {
      return try await inner.responseOrError(request, FaultyBody(body, at: 0, .slow(time)))
    }
    var response = try await inner.responseOrError(request, body)
    response.delivery.drip = .init(bytes: max(1, Int(clamping: response.body.count / 32)), every: time)
    return response
  }
}

/// A request body with a fault in transit.
private final class FaultyBody: RequestBody {
  enum Event {
    /// The rest is lost without an error.
    case end
    /// The connection closes.
    case hangUp
    /// No bytes arrive for a while, once.
    case pause(Duration)
    /// Each piece arrives late.
    case slow(Duration)
  }

  private let body: any RequestBody
  private var left: UInt64
  private var event: Event?

  init(_ body: any RequestBody, at: UInt64, _ event: Event) {
    self.body = body
    left = at
    self.event = event
  }

  func next() async throws -> ByteBuffer? {
    if case .slow(let time)? = event {
      try await Task.sleep(for: time)
      return try await body.next()
    }
    if left == 0, let event {
      switch event {
      case .hangUp: throw ConnectionClosed()
      case .end:
        while try await body.next() != nil {}
        return nil
      case .pause(let time):
        self.event = nil
        try await Task.sleep(for: time)
      case .slow: break
      }
    }
    guard var piece = try await body.next() else { return nil }
    guard event != nil else { return piece }
    // Bytes beyond the limit are lost with the connection; a pause comes after the whole piece.
    if case .pause? = event {
      left -= min(left, UInt64(piece.readableBytes))
      return piece
    }
    let taken = Int(min(left, UInt64(piece.readableBytes)))
    left -= UInt64(taken)
    if taken == 0 { return try await next() }
    return piece.readSlice(length: taken)
  }
}
