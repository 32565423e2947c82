import NIOCore
import OpzHTTPServer

/// Applies a plan's faults to the responses of another responder. It is independent of registry semantics.
struct FaultyResponder: Responder {
  let inner: any Responder
  let count: FaultCount

  func answer(_ request: HubRequest, _ body: any RequestBody) async throws -> Answer {
    guard let (rule, fault) = count.take(request) else { return try await inner.settled(request, body) }
    let strike = Strike(request: request, body: body, rule: rule, inner: inner)
    switch (rule.stage ?? fault.stage, fault.effect) {
    case (.before, .answer(let make)), (.after, .answer(let make)):
      if (rule.stage ?? fault.stage) == .after { _ = try await inner.settled(request, body) }
      return make(request, rule)
    case (.during, .answer(let make)): return try await strike.during { make(request, rule) }
    case (.before, .change(let change)):
      // A read changes nothing, so it is answered for real. For a write the client is told that it succeeded, but
      // nothing was done.
      var answer = request.kind.isRead ? try await inner.settled(request, body) : Plausible.answer(request)
      change(&answer, request, rule)
      return answer
    case (.during, .change(let change)):
      var answer = try await inner.settled(request, strike.shortened)
      change(&answer, request, rule)
      if !request.hasBody, answer.delivery.cut == nil { answer.delivery.cut = rule.at ?? answer.body.count / 2 }
      return answer
    case (.after, .change(let change)):
      var answer = try await inner.settled(request, body)
      change(&answer, request, rule)
      return answer
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
  var shortened: any RequestBody { request.hasBody ? StruckBody(body, at: at, .end) : body }

  /// Passes the first part of the body to the registry and sends the client another response; without a body, cuts
  /// the response.
  func during(_ other: () -> Answer) async throws -> Answer {
    guard request.hasBody else {
      var answer = try await inner.settled(request, body)
      answer.delivery.cut = rule.at ?? answer.body.count / 2
      return answer
    }
    do {
      _ = try await inner.settled(request, StruckBody(body, at: at, .hangUp))
    } catch is HangUp {}
    return other()
  }

  func wire(_ wire: Fault.Wire, _ stage: FaultStage) async throws -> Answer {
    switch wire {
    case .cut: return try await end(stage, resets: false)
    case .reset: return try await end(stage, resets: true)
    case .stall: return try await stall(stage)
    case .delay: return try await delay(stage)
    case .drip: return try await drip(stage)
    }
  }

  private func end(_ stage: FaultStage, resets: Bool) async throws -> Answer {
    switch stage {
    case .before: throw HangUp(resets: resets)
    case .during:
      var answer: Answer
      do {
        answer = try await inner.settled(request, request.hasBody ? StruckBody(body, at: at, .hangUp) : body)
      } catch is HangUp {
        throw HangUp(resets: resets)
      }
      // A registry that refuses a request does not wait for its body.
      if request.hasBody { throw HangUp(resets: resets) }
      answer.delivery.cut = rule.at ?? answer.body.count / 2
      answer.delivery.resets = resets
      return answer
    case .after:
      _ = try await inner.settled(request, body)
      throw HangUp(resets: resets)
    }
  }

  private func stall(_ stage: FaultStage) async throws -> Answer {
    let time = Duration.seconds(rule.seconds ?? 30)
    if stage == .during, !request.hasBody {
      var answer = try await inner.settled(request, body)
      answer.delivery.pause = .init(at: rule.at ?? answer.body.count / 2, duration: time, isLast: true)
      return answer
    }
    if stage == .after { _ = try await inner.settled(request, body) }
    if stage == .during {
      do {
        _ = try await inner.settled(request, StruckBody(body, at: at, .hangUp))
      } catch is HangUp {}
    }
    try await Task.sleep(for: time)
    throw HangUp()
  }

  private func delay(_ stage: FaultStage) async throws -> Answer {
    let time = Duration.seconds(rule.seconds ?? 2)
    switch stage {
    case .before:
      try await Task.sleep(for: time)
      return try await inner.settled(request, body)
    case .during where request.hasBody: return try await inner.settled(request, StruckBody(body, at: at, .pause(time)))
    case .during:
      var answer = try await inner.settled(request, body)
      answer.delivery.pause = .init(at: rule.at ?? answer.body.count / 2, duration: time, isLast: false)
      return answer
    case .after:
      var answer = try await inner.settled(request, body)
      answer.delivery.delay = time
      return answer
    }
  }

  private func drip(_ stage: FaultStage) async throws -> Answer {
    let time = Duration.seconds(rule.seconds ?? 0.05)
    if stage == .before || stage == .during && request.hasBody {
      return try await inner.settled(request, StruckBody(body, at: 0, .slow(time)))
    }
    var answer = try await inner.settled(request, body)
    answer.delivery.drip = .init(bytes: max(1, Int(clamping: answer.body.count / 32)), every: time)
    return answer
  }
}

/// A request body with a fault in transit.
private final class StruckBody: RequestBody {
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
      case .hangUp: throw HangUp()
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
