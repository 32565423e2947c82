import OpzHTTP
import OpzIO
import OpzOCI
import Synchronization

/// Uploads one blob to a repository (distribution-spec 1.1, "Pushing blobs"). Used by one task.
///
/// It sends the requests that `UploadTransition` asks for, waits between them, and keeps the journal, the progress and
/// the registry profile. What is sent when is decided there.
final class BlobUpload {
  let client: RemoteClient
  let descriptor: Descriptor
  let blob: any Blob
  /// Reading the blob may block, because it comes from the network.
  let readsAhead: Bool
  let progress: UploadProgress
  private var journal: Journal
  private var retryBudget: RetryBudget
  /// How often something was learned about connections that break.
  private var lessons = 0
  /// After so many lessons about connections the retry budget is not renewed any more.
  private static let mostLessons = 16

  /// Prepares an upload; sends nothing.
  /// - Parameter readsAhead: true for a blob whose reads may block, because it comes from the network.
  init(_ client: RemoteClient, _ descriptor: Descriptor, blob: any Blob, readsAhead: Bool = false) {
    self.client = client
    self.descriptor = descriptor
    self.blob = blob
    self.readsAhead = readsAhead
    journal = Journal(client, descriptor)
    progress = UploadProgress(descriptor.digest.short, client.progress)
    retryBudget = RetryBudget(client.retrier.policy, step: min(1 << 20, descriptor.size / 100))
  }

  var subject: String { "\(client.reference.name)@\(descriptor.digest)" }

  /// Uploads the blob.
  /// - Parameter candidates: repositories on the same remote registry that may have the blob.
  /// - Returns: `.mounted` or `.done`.
  /// - Throws: `DistributionError`; its `bytesSafe` says from where the next push resumes.
  func run(candidates: [String]) async throws -> ProgressOutcome {
    defer { journal.release() }
    var state = UploadState.ready
    var history = UploadHistory(client.quirks)
    if client.profiles.current.uploadMethod(for: descriptor.size) == .chunked { await journal.take() }
    var event = UploadEvent.begun(await journal.session())
    while true {
      let step = transition(candidates).next(state, event, history: history)
      (state, history) = (step.state, step.history)
      for effect in step.effects { await apply(effect) }
      try await journal.keep(state)
      switch state {
      case .done(let outcome): return await finish(outcome)
      case .failed(let error):
        journal.leave()
        throw error
      default: break
      }
      if let error = try await wait(step) {
        event = .exhausted(error)
      } else if let request = step.request {
        correctProgress(state)
        event = try await send(request)
      }
    }
  }

  private func transition(_ candidates: [String]) -> UploadTransition {
    UploadTransition(
      descriptor: descriptor, subject: subject, host: client.reference.host, profile: client.profiles.current,
      quirks: client.quirks, candidates: candidates, isJournaled: journal.isKept)
  }

  private func finish(_ outcome: ProgressOutcome) async -> ProgressOutcome {
    if outcome != .mounted { progress.correct(to: descriptor.size) }
    await journal.remove()
    return outcome
  }

  /// Bytes that the registry has not confirmed are sent again.
  private func correctProgress(_ state: UploadState) {
    switch state {
    case .monolithic: progress.correct(to: 0)
    case .chunked(let session): progress.correct(to: session?.acknowledged ?? 0)
    default: break
    }
  }

  private func apply(_ effect: UploadEffect) async {
    switch effect {
    case .cancel(let session):
      journal.clear()
      await cancel(session)
    case .lose(let bytes): retryBudget.loseProgress(bytes)
    case .note(let text): client.progress.report(.note("\(subject): \(text)"))
    case .learn(let lesson): learn(lesson)
    }
  }

  private func learn(_ lesson: UploadLesson) {
    switch lesson {
    case .connectionLimit(let use): if client.profiles.broke(use, .upload) { adaptToLimit() }
    case .connectionBreak(let use): if client.profiles.brokeOnce(use, .upload) { adaptToLimit() }
    case .mounts(let works): client.profiles.learn { $0.mounts = works }
    case .chunkMinimum(let bytes): client.profiles.learn { $0.chunkMinimum = bytes }
    case .survivesCuts(let survives): client.profiles.learn { $0.survivesCuts = survives }
    case .method(let method): client.profiles.learn { $0.uploadMethod = method }
    case .requestMaximum(let bytes):
      client.profiles.learn { $0.requestMaximum = min($0.requestMaximum ?? .max, bytes) }
    }
  }

  /// Goes on after a limit on connections was learned.
  private func adaptToLimit() {
    guard let limit = client.profiles.current.uploadLimit else { return }
    // A smaller chunk on a connection of its own is another attempt than those before. A registry that never answers
    // teaches something with each attempt: halving a gigabyte sixteen times must be enough.
    lessons += 1
    if lessons <= BlobUpload.mostLessons { retryBudget.renew() }
    client.progress.report(
      .note(
        "\(subject): connections to \(client.reference.host) break after \(limit.text); sending "
          + "\(ByteCount.text(limit.share)) over each from now on"))
  }

  /// Waits as long as a step says.
  /// - Returns: the error to end with, if the retry budget is spent.
  private func wait(_ step: UploadStep) async throws -> DistributionError? {
    let offset = step.state.session?.acknowledged ?? 0
    let seconds: Double
    switch step.pause {
    case nil: return nil
    case .settle: seconds = client.retrier.policy.base
    case .retry(let error):
      guard let delay = retryBudget.next(error, at: offset) else { return error }
      seconds = delay
      let place = offset > 0 ? ", from byte \(offset) on" : ""
      client.progress.report(.note("\(subject): \(error.reason); \(retryBudget.text(delay))\(place)"))
    case .startOver(let error):
      guard let delay = retryBudget.next(error) else { return error }
      seconds = delay
      client.progress.report(.note("\(subject): \(error.reason); starting this blob over"))
    }
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
    return nil
  }
}

extension BlobUpload {
  /// The journal entry of the upload, if it has one.
  private struct Journal {
    private let client: RemoteClient
    private let descriptor: Descriptor
    private var entry: JournalEntry?
    private var wasAsked = false
    /// What the entry says.
    private var written: (location: WebAddress, acknowledged: UInt64)?

    init(_ client: RemoteClient, _ descriptor: Descriptor) {
      self.client = client
      self.descriptor = descriptor
    }

    var isKept: Bool { entry != nil }

    mutating func take() async {
      guard !wasAsked else { return }
      wasAsked = true
      entry = await client.journalEntry(for: descriptor)
    }

    /// The session that an earlier process left.
    func session() async -> UploadSession? {
      guard let entry, let record = entry.read() else { return nil }
      // The journal may come from a shared cache, so its location is used only if it points to the remote registry
      // itself.
      guard let location = WebAddress(record.location), location.origin == client.policy.home else {
        entry.clear()
        return nil
      }
      var session = UploadSession(location, client.quirks)
      session.acknowledged = record.acknowledged
      return session
    }

    /// Brings the entry up to date with the state.
    mutating func keep(_ state: UploadState) async throws {
      switch state {
      case .chunked(let session?):
        await take()
        guard let entry, written?.location != session.location || written?.acknowledged != session.acknowledged else {
          return
        }
        written = (session.location, session.acknowledged)
        try await blocking { entry.write(session.location, acknowledged: session.acknowledged) }
      case .chunked(nil), .monolithic, .mounting, .verifying(nil): clear()
      case .ready, .probing, .verifying, .done, .failed: break
      }
    }

    mutating func clear() {
      written = nil
      entry?.clear()
    }

    /// Forgets the entry once the blob is stored. An earlier push may have used another upload method and left an
    /// entry that this upload did not take, so that one is removed too.
    func remove() async {
      if let entry { entry.remove() } else { await client.removeJournalEntry(of: descriptor) }
    }

    /// Leaves the entry to the next push, unless it is empty.
    func leave() { entry?.removeIfEmpty() }

    /// Unlocks the entry, at the upload's end.
    func release() { entry?.release() }
  }
}
