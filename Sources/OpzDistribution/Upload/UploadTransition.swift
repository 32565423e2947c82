import OpzHTTP
import OpzIO
import OpzOCI

/// The transition function of `UploadState`: from a state and what happened in it to the next state and its request.
/// It is pure: it reads no clock and sends nothing.
struct UploadTransition: Sendable {
  let descriptor: Descriptor
  /// The repository and digest, for messages.
  let subject: String
  /// The host of the remote registry, for messages.
  let host: String
  /// The registry profile as known now.
  let profile: RemoteRegistryProfile
  let quirks: RemoteQuirks
  /// Repositories on the same remote registry that may have the blob.
  let candidates: [String]
  /// The session can be resumed by another process.
  let isJournaled: Bool

  /// The number of repositories from which a mount is tried before the blob is sent.
  static let mountLimit = 3

  /// The transition.
  func next(_ state: UploadState, _ event: UploadEvent, history: UploadHistory) -> UploadStep {
    switch (state, event) {
    case (.done, _), (.failed, _): UploadStep(state: state, history: history)
    case (_, .begun(let session?)): probe(session, .resumed, history: history)
    case (_, .begun(nil)): mount(0, nil, history: history)
    case (_, .exhausted(let error)): fail(error, state.session, history: history)
    case (.mounting(let candidate, let session), .failure): mount(candidate + 1, session, history: history)
    case (_, .failure(let failure)) where !failure.error.isTransient:
      fail(failure.error, state.session, history: history)
    case (_, .failure(let failure)): retry(state, failure, history: broken(state, failure, history: history))
    case (.verifying, .response(let response)): verified(state, response, history: history)
    case (_, .response(let response)): respond(state, response, history: answered(history))
    }
  }

  private func respond(_ state: UploadState, _ response: UploadResponse, history: UploadHistory) -> UploadStep {
    switch state {
    case .probing(let probe): probed(probe, response, history: history)
    case .mounting(let candidate, let session): mounted(candidate, session, response: response, history: history)
    case .monolithic(nil), .chunked(nil): opened(state, response, history: history)
    case .monolithic(let session?): closed(.monolithic, session, response: response, history: history)
    case .chunked(let session?) where session.acknowledged < descriptor.size:
      accepted(session, response, history: history)
    case .chunked(let session?): closed(.chunked, session, response: response, history: history)
    case .ready, .verifying, .done, .failed: UploadStep(state: state, history: history)
    }
  }

  // The requests

  /// The upload method for the blob.
  private func method(_ history: UploadHistory) -> UploadMethod {
    history.fallback ?? profile.uploadMethod(for: descriptor.size)
  }

  /// Tries to mount the blob from a candidate and those after it, and sends it where there is none left.
  private func mount(_ candidate: Int, _ session: UploadSession?, history: UploadHistory) -> UploadStep {
    let isTried = profile.mounts != false || candidate > 0
    guard isTried, candidate < min(candidates.count, UploadTransition.mountLimit) else { return send(session, history) }
    guard Reference.isRepository(candidates[candidate]) else { return mount(candidate + 1, session, history: history) }
    return step(.mounting(candidate, session), .mount(from: candidates[candidate]), history: history)
  }

  /// Sends the blob from the first byte, in a session that is open or that is opened for it.
  private func send(_ session: UploadSession?, _ history: UploadHistory) -> UploadStep {
    switch (method(history), session) {
    case (.monolithic, nil): step(.monolithic(nil), .open, history: history)
    case (.chunked, nil): step(.chunked(nil), .open, history: history)
    case (.monolithic, let session?): step(.monolithic(session), .whole(session), history: history)
    case (.chunked, let session?): sendChunk(session, history)
    }
  }

  /// Sends the next chunk, or closes the session after the last one.
  private func sendChunk(_ session: UploadSession, _ history: UploadHistory) -> UploadStep {
    let left = descriptor.size - min(session.acknowledged, descriptor.size)
    guard left > 0 else { return step(.chunked(session), .close(session), history: history) }
    let wanted = history.pacer.next(
      minimum: max(session.chunkMinimum, profile.chunkMinimum ?? 0),
      maximum: [profile.requestMaximum, history.requestLimit].compactMap { $0 }.min(), limit: profile.uploadLimit)
    var session = session
    session.sending = min(wanted, left)
    return step(.chunked(session), .chunk(session, size: session.sending), history: history)
  }

  private func probe(
    _ session: UploadSession, _ cause: SessionProbe.Cause, history: UploadHistory, pause: UploadPause? = nil
  ) -> UploadStep {
    step(.probing(SessionProbe(session, cause)), .status(session), history: history, pause: pause)
  }

  private func step(
    _ state: UploadState, _ kind: UploadRequest.Kind, history: UploadHistory, pause: UploadPause? = nil,
    effects: [UploadEffect] = []
  ) -> UploadStep {
    var request = UploadRequest(kind: kind, isFresh: history.needsFresh)
    switch kind {
    case .chunk(let session, _):
      // Later chunks save the round trip.
      request.asksFirst = session.acknowledged == 0 || history.needsFresh
      request.isFresh = request.isFresh || profile.uploadLimit != nil
    case .whole: request.isFresh = request.isFresh || profile.uploadLimit != nil
    default: break
    }
    return UploadStep(state: state, history: history, request: request, pause: pause, effects: effects)
  }

  // Responses

  private func answered(_ history: UploadHistory) -> UploadHistory {
    var history = history
    history.needsFresh = false
    return history
  }

  private func mounted(
    _ candidate: Int, _ session: UploadSession?, response: UploadResponse, history: UploadHistory
  ) -> UploadStep {
    switch response.status {
    case 201:
      return UploadStep(state: .done(.mounted), history: history, effects: [.learn(.mounts(true))])
    // A declined mount opens an upload session instead. Sessions that are not used expire on their own.
    case 202:
      guard let location = response.location else { return mount(candidate + 1, session, history: history) }
      let (session, lessons) = open(location, response)
      return mount(candidate + 1, session, history: history).adding(lessons)
    // A 404 may concern only the other repository, so it is not recorded.
    case let status where quirks.refusesMounts(status) && profile.mounts == nil:
      return mount(candidate + 1, session, history: history).adding([.learn(.mounts(false))])
    default: return mount(candidate + 1, session, history: history)
    }
  }

  private func opened(_ state: UploadState, _ response: UploadResponse, history: UploadHistory) -> UploadStep {
    guard response.status == 202, let location = response.location else {
      return fail(response.refusal, nil, history: history)
    }
    let (session, lessons) = open(location, response)
    let next =
      if case .monolithic = state {
        step(.monolithic(session), .whole(session), history: history)
      } else {
        sendChunk(session, history)
      }
    return next.adding(lessons)
  }

  private func open(_ location: WebAddress, _ response: UploadResponse) -> (UploadSession, [UploadEffect]) {
    var session = UploadSession(location, quirks)
    session.chunkMinimum = response.http["oci-chunk-min-length"].flatMap { UInt64($0) } ?? 0
    let isLearned = (1...RemoteRegistryProfile.largestMinimum).contains(session.chunkMinimum)
    return (session, isLearned ? [.learn(.chunkMinimum(session.chunkMinimum))] : [])
  }

  /// The response to a chunk.
  private func accepted(_ session: UploadSession, _ response: UploadResponse, history: UploadHistory) -> UploadStep {
    var (session, history) = (session, history)
    switch response.status {
    case let status where quirks.acceptsChunk(status):
      session.location = response.location ?? session.location
      session.accept(response.http, sent: session.sending)
      history.pacer.sent(session.sending, in: response.seconds)
      (history.broken, history.hasUnconfirmed) = (nil, false)
      // A registry may confirm what it then does not have. Only bytes that nobody has confirmed before are progress.
      if session.acknowledged > history.furthest {
        history.furthest = session.acknowledged
        (history.hasReconnected, history.probedRefusals) = (false, 0)
      }
      return sendChunk(session, history)
    case 413 where session.sending > RemoteRegistryProfile.smallestRequest:
      history.requestLimit = shrunk(history.requestLimit, session.sending)
      return probe(session, .tooLarge, history: history)
    // The session may have advanced without a response.
    case 416 where history.probedRefusals < 3:
      history.probedRefusals += 1
      return probe(session, .refusal(response.refusal), history: history, pause: .settle)
    default: return adapt(to: response.refusal, .chunked, session, history: history)
    }
  }

  /// The response to the request that completes the blob.
  private func closed(
    _ method: UploadMethod, _ session: UploadSession, response: UploadResponse, history: UploadHistory
  ) -> UploadStep {
    guard [201, 204].contains(response.status) else {
      return adapt(to: response.refusal, method, session, history: history)
    }
    // A refusal is recorded in the registry profile only together with the method that worked instead: a 413 caused by
    // a quota says nothing about the method.
    var effects: [UploadEffect] = []
    if history.fallback != nil, history.requestLimit == nil { effects.append(.learn(.method(method))) }
    if let limit = history.requestLimit { effects.append(.learn(.requestMaximum(limit))) }
    return UploadStep(state: .done(.done), history: history, effects: effects)
  }

  private func probed(_ probe: SessionProbe, _ response: UploadResponse, history: UploadHistory) -> UploadStep {
    var (probe, session) = (probe, probe.session)
    if [401, 403].contains(response.status) { return fail(response.refusal, session, history: history) }
    guard response.http.head.isSuccess, session.adopt(response.http, size: descriptor.size) else {
      return lost(probe, history)
    }
    session.location = response.location ?? session.location
    let hasSettled = session.acknowledged == probe.session.acknowledged
    probe.session = session
    probe.count += 1
    // Data that was in flight when a connection broke may still arrive from a proxy's buffer, so the offset has to
    // stop growing first.
    guard hasSettled || probe.count >= SessionProbe.limit else {
      return step(.probing(probe), .status(session), history: history, pause: .settle)
    }
    return settled(probe, history)
  }

  private func settled(_ probe: SessionProbe, _ history: UploadHistory) -> UploadStep {
    var history = history
    var effects: [UploadEffect] = history.hasUnconfirmed ? [.learn(.survivesCuts(true))] : []
    history.hasUnconfirmed = false
    let session = probe.session
    if case .failure = probe.cause, history.breaks == 1, let use = history.broken {
      effects.append(.learn(.connectionBreak(arrived(use, inFlight: history.inFlight, probe))))
      history.inFlight = 0
    }
    switch probe.cause {
    case .refusal(let refusal) where session.acknowledged == probe.known:
      return adapt(to: refusal, .chunked, session, history: history).adding(effects)
    case .resumed where session.acknowledged > 0:
      let note = "resuming at byte \(session.acknowledged) of \(descriptor.size), which an earlier push reached"
      return sendChunk(session, history).adding(effects + [.note(note)])
    default: return sendChunk(session, history).adding(effects)
    }
  }

  /// What a connection that broke has carried. The system takes more than arrives, by megabytes that differ each time, so
  /// where the registry has kept a part of the chunk, what it has is the figure.
  private func arrived(_ use: ConnectionUse, inFlight: UInt64, _ probe: SessionProbe) -> ConnectionUse {
    guard probe.session.acknowledged > probe.known else { return use }
    let lost = inFlight - min(inFlight, probe.session.acknowledged - probe.known)
    var use = use
    use.sent -= min(use.sent, lost)
    return use
  }

  /// The registry no longer knows the session.
  private func lost(_ probe: SessionProbe, _ history: UploadHistory) -> UploadStep {
    let (history, lessons) = ended(history)
    let effects = lessons + [.lose(probe.session.acknowledged)]
    return switch probe.cause {
    case .resumed: mount(0, nil, history: history).adding(effects)
    case .failure, .tooLarge: send(nil, history).adding(effects)
    case .refusal(let refusal): startOver(after: refusal, nil, history).adding(effects)
    }
  }

  private func verified(_ state: UploadState, _ response: UploadResponse, history: UploadHistory) -> UploadStep {
    if response.status == 200 { return UploadStep(state: .done(.done), history: history) }
    guard let session = state.session else { return send(nil, history) }
    return probe(session, .failure, history: history)
  }

  // Refusals

  /// Switches to the other upload method after a permanent refusal, or fails where that would not help.
  private func adapt(
    to refusal: DistributionError, _ method: UploadMethod, _ session: UploadSession, history: UploadHistory
  ) -> UploadStep {
    var history = history
    if [.unauthorized, .denied].contains(refusal.code) { return fail(refusal, session, history: history) }
    let dependsOnMethod = quirks.dependsOnUploadMethod(refusal.status ?? 0)
    let hasBroken = history.broken != nil
    if method == .chunked, session.acknowledged > 0 || hasBroken, refusal.code != .tooLarge {
      if !hasBroken { history.laterRefusals += 1 }
      if hasBroken || quirks.restartsAfterLaterChunks(history.laterRefusals) || !dependsOnMethod {
        return startOver(after: refusal, session, history)
      }
    }
    let isWrong = [.wrongDigest, .wrongSize].contains(refusal.code)
    guard dependsOnMethod, !isWrong, history.fallback == nil, descriptor.size > 0 else {
      return fail(history.firstRefusal ?? refusal, nil, history: history).adding([.cancel(session)])
    }
    if refusal.code == .tooLarge { history.requestLimit = shrunk(history.requestLimit, descriptor.size) }
    history.firstRefusal = refusal
    history.fallback = method == .monolithic ? .chunked : .monolithic
    return send(nil, history).adding([.cancel(session)])
  }

  /// Lowers the request limit: the remote registry or a proxy refused a request of `count` bytes as too large.
  private func shrunk(_ limit: UInt64?, _ count: UInt64) -> UInt64 {
    min(limit ?? .max, max(RemoteRegistryProfile.smallestRequest, count / 2))
  }

  /// Starts the blob over: the remote registry lost the session, or assembled the chunks into something other than
  /// the blob. The response that was lost may be the one to the closing PUT, so that is checked first.
  private func startOver(
    after refusal: DistributionError, _ session: UploadSession?, _ history: UploadHistory
  ) -> UploadStep {
    let isBroken = history.breaks > 0
    var (history, effects) = ended(history)
    if let session { effects += [.cancel(session), .lose(session.acknowledged)] }
    let isWrong = [.wrongDigest, .wrongSize].contains(refusal.code)
    if isWrong, history.hadWrongDigest { return fail(refusal, nil, history: history).adding(effects) }
    history.hadWrongDigest = history.hadWrongDigest || isWrong
    let error =
      isBroken && !isWrong
      ? DistributionError(
        .connection, subject,
        reason: "the connection broke, and with it the registry lost the upload (\(refusal.reason))",
        status: refusal.status) : refusal
    return step(.verifying(nil), .exists, history: history, pause: .startOver(error), effects: effects)
  }

  /// The session has ended, and with it what is known of its bytes.
  private func ended(_ history: UploadHistory) -> (UploadHistory, [UploadEffect]) {
    var history = history
    var effects: [UploadEffect] = history.hasUnconfirmed ? [.learn(.survivesCuts(false))] : []
    if let use = history.broken { effects.append(.learn(.connectionLimit(use))) }
    (history.hasUnconfirmed, history.broken) = (false, nil)
    return (history, effects)
  }

  // Failures

  /// Takes what a failure says about the connection.
  private func broken(_ state: UploadState, _ failure: UploadFailure, history: UploadHistory) -> UploadHistory {
    var history = history
    history.needsFresh = [.connection, .timeout].contains(failure.error.code)
    guard failure.sent > 0 else { return history }
    if case .chunked(let session?) = state {
      history.hasUnconfirmed = true
      history.pacer.cut(session.sending, failure.use)
    }
    if let use = failure.use {
      (history.broken, history.inFlight) = (use, failure.sent)
      history.breaks += 1
    }
    return history
  }

  /// Sends the request again, or finds out first what became of it.
  private func retry(_ state: UploadState, _ failure: UploadFailure, history: UploadHistory) -> UploadStep {
    let pause = UploadPause.retry(failure.error)
    switch state {
    case .probing(let probe): return step(state, .status(probe.session), history: history, pause: pause)
    case .monolithic(nil), .chunked(nil): return step(state, .open, history: history, pause: pause)
    case .monolithic:
      // A session accepts one body only.
      let (history, lessons) = ended(history)
      return step(.verifying(nil), .exists, history: history, pause: pause, effects: lessons)
    case .chunked(let session?) where session.acknowledged < descriptor.size:
      var history = history
      // Servers end connections that were open for long, so the first break is no failed attempt yet.
      history.hasReconnected = failure.use != nil && !history.hasReconnected
      var next = probe(session, .failure, history: history, pause: history.hasReconnected ? .settle : pause)
      // A session that survives costs little, and one break may be an accident; two are not.
      if let use = history.broken, history.breaks > 1 { next.effects.append(.learn(.connectionLimit(use))) }
      return next
    case .chunked(let session): return step(.verifying(session), .exists, history: history, pause: pause)
    case .verifying: return step(state, .exists, history: history, pause: pause)
    case .ready, .mounting, .done, .failed: return UploadStep(state: state, history: history)
    }
  }

  /// Ends the upload with an error that says how much is safe and what was learned of the connections.
  private func fail(_ error: DistributionError, _ session: UploadSession?, history: UploadHistory) -> UploadStep {
    var error = error
    if history.breaks > 0, error.code == .connection, let limit = profile.uploadLimit {
      error = error.explained(by: limit, to: host, attempt: attempt(limit, session, history: history))
    }
    var effects: [UploadEffect] = []
    if let session, session.acknowledged > 0, isJournaled {
      error.bytesSafe = session.acknowledged
    } else if let session, !error.isTransient {
      effects = [.cancel(session)]
    }
    return UploadStep(state: .failed(error), history: history, effects: effects)
  }
}

extension UploadTransition {
  /// What a connection was to send when it broke although the limit is known.
  private func attempt(_ limit: ConnectionLimit, _ session: UploadSession?, history: UploadHistory) -> String {
    let least = min(max(session?.chunkMinimum ?? 0, profile.chunkMinimum ?? 0), RemoteRegistryProfile.largestMinimum)
    if method(history) == .monolithic, descriptor.size > limit.share {
      return "send \(ByteCount.text(descriptor.size)), for the registry accepts no chunks,"
    }
    if least > limit.share { return "send \(ByteCount.text(least)), the registry's smallest chunk," }
    return "send \(ByteCount.text(limit.share))"
  }
}

extension UploadStep {
  /// The step with effects before its own.
  fileprivate func adding(_ more: [UploadEffect]) -> UploadStep {
    var step = self
    step.effects = more + effects
    return step
  }
}
