import OpzHTTP
import OpzIO
import OpzOCI

/// Uploads one blob to a repository (distribution-spec 1.1, "Pushing blobs"). Used by one task.
///
/// The blob is mounted from another repository where possible. Otherwise it is sent as a monolithic or a chunked
/// upload, which resumes an earlier attempt, also of an earlier process.
final class BlobUpload {
  let client: RegistryClient
  let descriptor: Descriptor
  let blob: any Blob
  /// Reading the blob may block, because it comes from the network.
  let readsAhead: Bool
  let progress: UploadProgress

  /// The upload session that is open, if any.
  var session: UploadSession?
  var pacer = ChunkPacer()
  /// The next request must use a new connection, because the last one broke.
  var needsFreshConnection = false
  private var entry: JournalEntry?
  var retryBudget: RetryBudget
  /// The upload method to use instead of the one that the registry profile suggests.
  private var otherWay: RegistryTraits.Way?
  /// The limit on request bodies after one was refused as too large, in bytes.
  var requestLimit: UInt64?
  private var firstRefusal: DistributionError?
  /// The response to a request that completes the blob may have been lost.
  var mayBeStored = false
  /// The session's status must be fetched before more is sent.
  var isDoubtful = false
  /// The remote registry no longer knew the session when its status was fetched.
  var wasLost = false
  private var hasStartedOver = false
  /// A chunk after the first was refused although no connection had broken.
  private var wasRefusedUnderWay = false

  /// Prepares an upload; sends nothing.
  /// - Parameter readsAhead: true for a blob whose reads may block, because it comes from the network.
  init(_ client: RegistryClient, _ descriptor: Descriptor, _ blob: any Blob, readsAhead: Bool = false) {
    self.client = client
    self.descriptor = descriptor
    self.blob = blob
    self.readsAhead = readsAhead
    progress = UploadProgress(descriptor.digest.short, client.progress)
    retryBudget = RetryBudget(client.retrier.policy, step: min(1 << 20, descriptor.size / 100))
  }

  var subject: String { "\(client.reference.name)@\(descriptor.digest)" }
  var scopes: [Scope] { [.push(client.reference.repository)] }
  private var way: RegistryTraits.Way { otherWay ?? client.traits.current.way(of: descriptor.size) }

  /// Uploads the blob.
  /// - Parameter candidates: repositories on the same remote registry that may have the blob.
  /// - Returns: `.mounted` or `.done`.
  /// - Throws: `DistributionError`; its `bytesSafe` says from where the next push resumes.
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

  /// Forgets the journal entry once the blob is stored. An earlier push may have used another upload method and left
  /// an entry that this upload did not take, so that one is removed too.
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

  /// Switches to the other upload method after a permanent refusal, or throws where that would not help.
  ///
  /// GAR and GCR accept monolithic uploads only (skopeo#1101), and so does GHCR above 4 MiB
  /// (oras-project/rust-oci-client#37). Some versions of Artifactory accept chunked uploads only (containerd#3533).
  private func adapt(to refusal: DistributionError, _ way: RegistryTraits.Way) async throws {
    if refusal.code == .unauthorized || refusal.code == .denied { throw refusal }
    let isOfTheWay = [400, 404, 405, 411, 413, 416, 501].contains(refusal.status ?? 0)
    let hasBroken = progress.wasRewound || wasLost
    let wasUnderWay = way == .chunks && ((session?.acknowledged ?? 0) > 0 || hasBroken)
    if wasUnderWay, refusal.code != .tooLarge, hasBroken || !wasRefusedUnderWay || !isOfTheWay {
      // A remote registry that accepts a first chunk but no second one (GAR: skopeo#1101,
      // dotnet/sdk-container-builds#287) refuses twice in a row; a lost session is refused once.
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

  /// Lowers the request limit: the remote registry or a proxy refused a request of `count` bytes as too large.
  func shrink(_ count: UInt64) {
    requestLimit = min(requestLimit ?? .max, max(RegistryTraits.smallestRequest, count / 2))
  }

  // A refusal is recorded in the registry profile only together with the method that worked instead: a 413 caused by
  // a quota says nothing about the method.
  private func remember(_ way: RegistryTraits.Way) {
    let isOther = otherWay != nil && requestLimit == nil
    client.traits.learn {
      if isOther { $0.way = way }
      if let requestLimit { $0.requestMaximum = min($0.requestMaximum ?? .max, requestLimit) }
    }
  }

  /// Starts the blob over: the remote registry lost the session, or assembled the chunks into something other than
  /// the blob.
  private func startOver(after refusal: DistributionError) async throws {
    if progress.wasRewound { client.traits.learn { $0.survivesCuts = false } }
    // The response that was lost may be the one to the closing PUT.
    mayBeStored = true
    let done = session?.acknowledged ?? 0
    await drop(keepsOpen: false)
    progress.settle(at: 0)
    let isWrong = refusal.code == .wrongDigest || refusal.code == .wrongSize
    if !wasLost { retryBudget.loseProgress(done) }
    guard !(isWrong && hasStartedOver), let seconds = retryBudget.next(refusal) else { throw refusal }
    hasStartedOver = hasStartedOver || isWrong
    client.progress.report(.note("\(subject): \(refusal.reason); starting this blob over"))
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
  }

  private func wait(after error: DistributionError) async throws {
    isDoubtful = session != nil
    needsFreshConnection = error.code == .connection || error.code == .timeout
    guard let seconds = retryBudget.next(error, at: session?.acknowledged ?? 0) else { throw error }
    let place = session.map { $0.acknowledged > 0 ? ", from byte \($0.acknowledged) on" : "" } ?? ""
    client.progress.report(.note("\(subject): \(error.reason); \(retryBudget.text(seconds))\(place)"))
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
    if session == nil { progress.settle(at: 0) }
  }

  /// Records the bytes that the remote registry has confirmed.
  func acknowledged(_ session: UploadSession) async throws {
    self.session = session
    progress.settle(at: session.acknowledged)
    guard let entry else { return }
    try await blocking { entry.write(session.location, acknowledged: session.acknowledged) }
  }

  /// Abandons the session.
  /// - Parameter keepsOpen: false to cancel it at the remote registry.
  func drop(keepsOpen: Bool) async {
    guard let old = session else { return }
    session = nil
    isDoubtful = false
    entry?.clear()
    if !keepsOpen { await cancel(old) }
  }

  /// Resumes the session that an earlier process left in the journal.
  private func takeUp() async throws {
    guard let record = entry?.read() else { return }
    // The journal may come from a shared cache, so its location is used only if it points to the remote registry
    // itself.
    guard let location = WebAddress(record.location), location.origin == client.policy.home else {
      entry?.clear()
      return
    }
    session = UploadSession(location)
    session?.acknowledged = record.acknowledged
    isDoubtful = true
    do {
      try await client.retrier.run(subject) { try await refresh() }
    } catch let error as DistributionError where error.isTransient {
      // The status is still unknown; it is fetched again once the remote registry responds.
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
