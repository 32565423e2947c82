import OpzHTTP
import OpzIO
import OpzOCI

/// Uploads one blob to a repository (distribution-spec 1.1, "Pushing blobs"). Used by one task.
///
/// The blob is mounted from another repository where possible. Otherwise it is sent as a monolithic or a chunked
/// upload, which resumes an earlier attempt, also of an earlier process.
final class BlobUpload {
  let client: RemoteClient
  let descriptor: Descriptor
  let blob: any Blob
  /// Reading the blob may block, because it comes from the network.
  let readsAhead: Bool
  let progress: UploadProgress

  /// The upload session that is open, if any.
  var session: UploadSession?
  var pacer: ChunkPacer
  /// The next request must use a new connection, because the last one broke.
  var needsFreshConnection = false
  private var entry: JournalEntry?
  var retryBudget: RetryBudget
  /// The upload method to use instead of the one that the registry profile suggests.
  private var fallbackMethod: UploadMethod?
  /// The limit on request bodies after one was refused as too large, in bytes.
  var requestLimit: UInt64?
  private var firstRefusal: DistributionError?
  /// The response to a request that completes the blob may have been lost.
  var mayBeStored = false
  /// The session's status must be fetched before more is sent.
  var needsStatus = false
  /// The remote registry no longer knew the session when its status was fetched.
  var sessionWasLost = false
  private var hasStartedOver = false
  /// How often a chunk after the first was refused although no connection had broken.
  private var laterRefusals = 0

  /// Prepares an upload; sends nothing.
  /// - Parameter readsAhead: true for a blob whose reads may block, because it comes from the network.
  init(_ client: RemoteClient, _ descriptor: Descriptor, _ blob: any Blob, readsAhead: Bool = false) {
    self.client = client
    self.descriptor = descriptor
    self.blob = blob
    self.readsAhead = readsAhead
    pacer = ChunkPacer(client.quirks)
    progress = UploadProgress(descriptor.digest.short, client.progress)
    retryBudget = RetryBudget(client.retrier.policy, step: min(1 << 20, descriptor.size / 100))
  }

  var subject: String { "\(client.reference.name)@\(descriptor.digest)" }
  var scopes: [Scope] { [.push(client.reference.repository)] }
  private var method: UploadMethod { fallbackMethod ?? client.profiles.current.uploadMethod(for: descriptor.size) }

  /// Uploads the blob.
  /// - Parameter candidates: repositories on the same remote registry that may have the blob.
  /// - Returns: `.mounted` or `.done`.
  /// - Throws: `DistributionError`; its `bytesSafe` says from where the next push resumes.
  func run(candidates: [String]) async throws -> ProgressOutcome {
    if method == .chunked { entry = await client.journalEntry(for: descriptor) }
    do {
      try await resume()
      if session == nil, try await mount(from: candidates) {
        await removeJournalEntry()
        return .mounted
      }
      try await send()
      await removeJournalEntry()
      return .done
    } catch let error as DistributionError {
      let explained = await explained(error)
      entry?.removeIfEmpty()
      throw explained
    }
  }

  /// Forgets the journal entry once the blob is stored. An earlier push may have used another upload method and left
  /// an entry that this upload did not take, so that one is removed too.
  private func removeJournalEntry() async {
    if let entry { entry.remove() } else { await client.removeJournalEntry(of: descriptor) }
  }

  private func send() async throws {
    while true {
      do {
        if mayBeStored, try await client.has(descriptor, scopes) { return progress.correct(to: descriptor.size) }
        mayBeStored = false
        try await refresh()
        let method = method
        guard let refusal = method == .monolithic ? try await sendMonolithic() : try await sendChunked() else {
          return remember(method)
        }
        try await adapt(to: refusal, method)
      } catch let error as DistributionError where error.isTransient {
        try await wait(after: error)
      }
    }
  }

  /// Switches to the other upload method after a permanent refusal, or throws where that would not help.
  private func adapt(to refusal: DistributionError, _ method: UploadMethod) async throws {
    if refusal.code == .unauthorized || refusal.code == .denied { throw refusal }
    let dependsOnMethod = client.quirks.dependsOnUploadMethod(refusal.status ?? 0)
    let hasBroken = progress.wasRewound || sessionWasLost
    let wasUnderWay = method == .chunked && ((session?.acknowledged ?? 0) > 0 || hasBroken)
    if wasUnderWay, refusal.code != .tooLarge {
      if !hasBroken { laterRefusals += 1 }
      if hasBroken || client.quirks.restartsAfterLaterChunks(laterRefusals) || !dependsOnMethod {
        return try await startOver(after: refusal)
      }
    }
    mayBeStored = progress.wasRewound
    await drop(keepsOpen: false)
    progress.correct(to: 0)
    guard dependsOnMethod, refusal.code != .wrongDigest, refusal.code != .wrongSize, fallbackMethod == nil,
      descriptor.size > 0
    else { throw firstRefusal ?? refusal }
    if refusal.code == .tooLarge { shrink(descriptor.size) }
    firstRefusal = refusal
    fallbackMethod = method == .monolithic ? .chunked : .monolithic
    if fallbackMethod == .chunked, entry == nil { entry = await client.journalEntry(for: descriptor) }
  }

  /// Lowers the request limit: the remote registry or a proxy refused a request of `count` bytes as too large.
  func shrink(_ count: UInt64) {
    requestLimit = min(requestLimit ?? .max, max(RemoteRegistryProfile.smallestRequest, count / 2))
  }

  // A refusal is recorded in the registry profile only together with the method that worked instead: a 413 caused by
  // a quota says nothing about the method.
  private func remember(_ method: UploadMethod) {
    let isOther = fallbackMethod != nil && requestLimit == nil
    client.profiles.learn {
      if isOther { $0.uploadMethod = method }
      if let requestLimit { $0.requestMaximum = min($0.requestMaximum ?? .max, requestLimit) }
    }
  }

  /// Starts the blob over: the remote registry lost the session, or assembled the chunks into something other than
  /// the blob.
  private func startOver(after refusal: DistributionError) async throws {
    if progress.wasRewound { client.profiles.learn { $0.survivesCuts = false } }
    // The response that was lost may be the one to the closing PUT.
    mayBeStored = true
    let done = session?.acknowledged ?? 0
    await drop(keepsOpen: false)
    progress.correct(to: 0)
    let isWrong = refusal.code == .wrongDigest || refusal.code == .wrongSize
    if !sessionWasLost { retryBudget.loseProgress(done) }
    guard !(isWrong && hasStartedOver), let seconds = retryBudget.next(refusal) else { throw refusal }
    hasStartedOver = hasStartedOver || isWrong
    client.progress.report(.note("\(subject): \(refusal.reason); starting this blob over"))
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
  }

  private func wait(after error: DistributionError) async throws {
    needsStatus = session != nil
    needsFreshConnection = error.code == .connection || error.code == .timeout
    guard let seconds = retryBudget.next(error, at: session?.acknowledged ?? 0) else { throw error }
    let place = session.map { $0.acknowledged > 0 ? ", from byte \($0.acknowledged) on" : "" } ?? ""
    client.progress.report(.note("\(subject): \(error.reason); \(retryBudget.text(seconds))\(place)"))
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
    if session == nil { progress.correct(to: 0) }
  }

  /// Records the bytes that the remote registry has confirmed.
  func acknowledged(_ session: UploadSession) async throws {
    self.session = session
    progress.correct(to: session.acknowledged)
    guard let entry else { return }
    try await blocking { entry.write(session.location, acknowledged: session.acknowledged) }
  }

  /// Abandons the session.
  /// - Parameter keepsOpen: false to cancel it at the remote registry.
  func drop(keepsOpen: Bool) async {
    guard let old = session else { return }
    session = nil
    needsStatus = false
    entry?.clear()
    if !keepsOpen { await cancel(old) }
  }

  /// Resumes the session that an earlier process left in the journal.
  private func resume() async throws {
    guard let record = entry?.read() else { return }
    // The journal may come from a shared cache, so its location is used only if it points to the remote registry
    // itself.
    guard let location = WebAddress(record.location), location.origin == client.policy.home else {
      entry?.clear()
      return
    }
    session = UploadSession(location, client.quirks)
    session?.acknowledged = record.acknowledged
    needsStatus = true
    do {
      try await client.retrier.run(subject) { try await refresh() }
    } catch let error as DistributionError where error.isTransient {
      // The status is still unknown; it is fetched again once the remote registry responds.
    }
    guard let session, !needsStatus, session.acknowledged > 0 else { return }
    client.progress.report(
      .note("\(subject): resuming at byte \(session.acknowledged) of \(descriptor.size), which an earlier push reached")
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
