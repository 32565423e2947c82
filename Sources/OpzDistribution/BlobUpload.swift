import OpzIO
import OpzOCI

/// Brings one blob into a repository: mounted from another one where that works, else sent whole or in chunks, gone on with where an
/// earlier attempt or process was ended (distribution-spec 1.1, "Pushing blobs"). Used by one task.
final class BlobUpload {
  let client: RegistryClient
  let descriptor: Descriptor
  let blob: any Blob
  /// The source may wait, because it is a network peer itself.
  let readsAhead: Bool
  let progress: UploadProgress

  /// The upload that is under way.
  var session: UploadSession?
  var pacer = ChunkPacer()
  /// The next request takes a new connection: the last one broke.
  var needsFreshConnection = false
  private var entry: JournalEntry?
  var patience: Patience
  /// Tried in place of the way that the registry's traits say.
  private var otherWay: RegistryTraits.Way?
  /// The largest request that has not been refused yet.
  var requestLimit: UInt64?
  private var firstRefusal: DistributionError?
  /// The answer to a request that completes the blob may have been lost.
  var mayBeStored = false
  /// The registry's answer to the last question for the session's status has to come before anything is sent.
  var isDoubtful = false
  /// The registry did not know the session any more when it was asked.
  var wasLost = false
  private var hasStartedOver = false
  /// A chunk after the first was refused though nothing had broken.
  private var wasRefusedUnderWay = false

  /// - Parameter readsAhead: for a source that may wait for a network peer.
  init(_ client: RegistryClient, _ descriptor: Descriptor, _ blob: any Blob, readsAhead: Bool = false) {
    self.client = client
    self.descriptor = descriptor
    self.blob = blob
    self.readsAhead = readsAhead
    progress = UploadProgress(descriptor.digest.short, client.progress)
    patience = Patience(client.retrier.policy, size: descriptor.size)
  }

  var subject: String { "\(client.reference.name)@\(descriptor.digest)" }
  var scopes: [Scope] { [.push(client.reference.repository)] }
  private var way: RegistryTraits.Way { otherWay ?? client.traits.current.way(of: descriptor.size) }

  /// Does it, and says how it came there.
  /// - Parameter candidates: repositories of the same registry that may have it.
  func run(candidates: [String]) async throws -> ProgressOutcome {
    if way == .chunks { entry = await client.journalEntry(for: descriptor) }
    do {
      try await takeUp()
      if session == nil, try await mount(from: candidates) {
        await settle()
        return .mounted
      }
      try await send()
      await settle()
      return .done
    } catch let error as DistributionError {
      let explained = await explained(error)
      entry?.removeIfEmpty()
      throw explained
    }
  }

  /// The blob is there. An earlier push may have sent it in another way, and left an entry that this one has not taken.
  private func settle() async {
    if let entry { entry.remove() } else { await client.settle(descriptor) }
  }

  private func send() async throws {
    while true {
      do {
        if mayBeStored, try await client.has(descriptor, scopes) { return progress.settle(at: descriptor.size) }
        mayBeStored = false
        try await refresh()
        let way = way
        guard let refusal = way == .whole ? try await sendWhole() : try await sendChunks() else {
          return remember(way)
        }
        try await adapt(to: refusal, way)
      } catch let error as DistributionError where error.isTransient {
        try await wait(after: error)
      }
    }
  }

  /// Looks for another way after an answer that will not change.
  private func adapt(to refusal: DistributionError, _ way: RegistryTraits.Way) async throws {
    if refusal.code == .unauthorized || refusal.code == .denied { throw refusal }
    let isOfTheWay = [400, 404, 405, 411, 413, 416, 501].contains(refusal.status ?? 0)
    let hasBroken = progress.wasRewound || wasLost
    let wasUnderWay = way == .chunks && ((session?.acknowledged ?? 0) > 0 || hasBroken)
    if wasUnderWay, refusal.code != .tooLarge, hasBroken || !wasRefusedUnderWay || !isOfTheWay {
      // One that takes a first chunk and no second (GAR) does so twice; one that lost the upload, once.
      if !hasBroken { wasRefusedUnderWay = true }
      return try await startOver(after: refusal)
    }
    mayBeStored = progress.wasRewound
    await drop(keepsOpen: false)
    progress.settle(at: 0)
    guard isOfTheWay, refusal.code != .wrongDigest, refusal.code != .wrongSize, otherWay == nil, descriptor.size > 0
    else { throw firstRefusal ?? refusal }
    if refusal.code == .tooLarge { shrink(descriptor.size) }
    firstRefusal = refusal
    otherWay = way == .whole ? .chunks : .whole
    if otherWay == .chunks, entry == nil { entry = await client.journalEntry(for: descriptor) }
  }

  /// A request with so many bytes was too large for the registry, or for a proxy.
  func shrink(_ count: UInt64) {
    requestLimit = min(requestLimit ?? .max, max(RegistryTraits.smallestRequest, count / 2))
  }

  // What was refused is remembered only with what worked in its place: a quota's 413 teaches nothing.
  private func remember(_ way: RegistryTraits.Way) {
    let isOther = otherWay != nil && requestLimit == nil
    client.traits.learn {
      if isOther { $0.way = way }
      if let requestLimit { $0.requestMaximum = min($0.requestMaximum ?? .max, requestLimit) }
    }
  }

  /// The registry has lost an upload that was under way, or made something else of its chunks than the blob.
  private func startOver(after refusal: DistributionError) async throws {
    if progress.wasRewound { client.traits.learn { $0.survivesCuts = false } }
    // The answer to the closing PUT may be the one that was lost.
    mayBeStored = true
    let done = session?.acknowledged ?? 0
    await drop(keepsOpen: false)
    progress.settle(at: 0)
    let isWrong = refusal.code == .wrongDigest || refusal.code == .wrongSize
    guard !(isWrong && hasStartedOver),
      let seconds = wasLost ? patience.next(refusal, at: 0) : patience.lost(done, refusal)
    else { throw refusal }
    hasStartedOver = hasStartedOver || isWrong
    client.progress.report(.note("\(subject): \(refusal.reason); starting this blob over"))
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
  }

  private func wait(after error: DistributionError) async throws {
    isDoubtful = session != nil
    needsFreshConnection = error.code == .connection || error.code == .timeout
    guard let seconds = patience.next(error, at: session?.acknowledged ?? 0) else { throw error }
    let place = session.map { $0.acknowledged > 0 ? ", from byte \($0.acknowledged) on" : "" } ?? ""
    client.progress.report(.note("\(subject): \(error.reason); \(patience.text(seconds))\(place)"))
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
    if session == nil { progress.settle(at: 0) }
  }

  /// The registry has these bytes for certain.
  func acknowledged(_ session: UploadSession) async throws {
    self.session = session
    progress.settle(at: session.acknowledged)
    guard let entry else { return }
    try await blocking { entry.write(session.location, acknowledged: session.acknowledged) }
  }

  /// Gives the session up.
  /// - Parameter keepsOpen: false to tell the registry.
  func drop(keepsOpen: Bool) async {
    guard let old = session else { return }
    session = nil
    isDoubtful = false
    entry?.clear()
    if !keepsOpen { await cancel(old) }
  }

  /// What an earlier process left.
  private func takeUp() async throws {
    guard let record = entry?.read() else { return }
    // The file may have been in a cache that others write: it sends nothing of ours to another place than the registry.
    guard let location = WebAddress(record.location), location.origin == client.policy.registry else {
      entry?.clear()
      return
    }
    session = UploadSession(location)
    session?.acknowledged = record.acknowledged
    isDoubtful = true
    do {
      try await client.retrier.run(subject) { try await refresh() }
    } catch let error as DistributionError where error.isTransient {
      // Still in doubt; the next look is made when the registry answers again.
    }
    guard let session, !isDoubtful, session.acknowledged > 0 else { return }
    client.progress.report(
      .note("\(subject): going on at byte \(session.acknowledged) of \(descriptor.size), which an earlier push reached")
    )
  }

  private func explained(_ error: DistributionError) async -> DistributionError {
    var error = error
    guard let session, session.acknowledged > 0, entry != nil else {
      if !error.isTransient { await drop(keepsOpen: false) }
      return error
    }
    error.bytesSafe = session.acknowledged
    return error
  }
}
