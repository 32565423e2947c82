import OpzHTTP
import OpzIO
import OpzOCI
import Synchronization

/// A blob in a remote repository. Each `open` sends a GET, with a range where it starts in the middle.
struct RemoteBlob: Blob {
  let client: RemoteClient
  let descriptor: Descriptor
  /// Reports no progress, because the reader does.
  var isQuiet = false

  var size: UInt64 { descriptor.size }
  var isExpensiveToReread: Bool { true }

  func open(at offset: UInt64) throws -> any ByteSource {
    RemoteSource(client, descriptor, offset: min(offset, size), isQuiet: isQuiet)
  }

  /// Sends a GET from `offset`. The reader's bytes start at `Begun.position`, which may be lower.
  /// - Parameters:
  ///   - length: the number of bytes wanted; nil for all that follow.
  ///   - isFresh: on a new connection.
  ///   - onEvent: called on libcurl's thread with what becomes of the connection.
  fileprivate func begin(
    at offset: UInt64, length: UInt64?, isFresh: Bool,
    onEvent: @escaping @Sendable (HTTPClient.SendEvent) -> Void
  ) async throws -> Begun {
    var request = HTTPRequest(
      method: .get, address: client.address("blobs/\(descriptor.digest)"), timeout: 0, isFresh: isFresh,
      isStreamed: true)
    request.isBulk = descriptor.size > HTTPRequest.bulkSize
    let end = length.map { offset &+ min($0, descriptor.size &- offset) } ?? descriptor.size
    if offset > 0 || end < descriptor.size {
      request.headers.append(("Range", "bytes=\(offset)-" + (end < descriptor.size ? "\(end &- 1)" : "")))
    }
    let subject = "\(client.reference.name)@\(descriptor.digest)"
    let response = try await client.attempt(
      request, scopes: client.readScopes, subject: subject, onSent: onEvent)
    guard let reader = response.reader else { throw client.failure(response, subject) }
    switch response.status {
    case 200: return Begun(reader: reader, position: 0, end: descriptor.size)
    case 206 where response["content-range"]?.hasPrefix("bytes \(offset)-") ?? false:
      return Begun(reader: reader, position: offset, end: end)
    default:
      throw DistributionError(
        .badResponse, subject, reason: "the registry answered \(response.status) with another range than asked for")
    }
  }

  fileprivate struct Begun: Sendable {
    let reader: BodyReader
    let position: UInt64
    /// The end of what was asked for.
    let end: UInt64
  }
}

/// What the connection that broke last had carried, handed from libcurl's thread to the reader's.
private final class BrokenConnection: Sendable {
  private let use = Mutex<ConnectionUse?>(nil)

  func put(_ new: ConnectionUse) { use.withLock { $0 = new } }

  func take() -> ConnectionUse? {
    use.withLock { held in
      defer { held = nil }
      return held
    }
  }
}

/// Reads a remote blob on one thread, and resumes after a broken connection. Where connections break again and again,
/// each gets a range that ends well before.
private final class RemoteSource: ByteSource {
  private let client: RemoteClient
  private let descriptor: Descriptor
  private var position: UInt64
  private let reports: Bool
  private var reader: BodyReader?
  private var hasStarted = false
  private var hasFinished = false
  private var retryBudget: RetryBudget
  /// The range that the reader was asked for, and when.
  private var range: Range<UInt64> = 0..<0
  private var asked = ContinuousClock.now
  /// Bytes per second of the last range.
  private var rate: Double?
  private var needsFresh = false
  private let broken = BrokenConnection()
  private var breaks = 0

  init(_ client: RemoteClient, _ descriptor: Descriptor, offset: UInt64, isQuiet: Bool) {
    self.client = client
    self.descriptor = descriptor
    position = offset
    reports = offset == 0 && !isQuiet
    retryBudget = RetryBudget(client.retrier.policy)
  }

  deinit { finish(.failed) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    start()
    guard position < descriptor.size, !buffer.isEmpty else {
      try checkEnd()
      return 0
    }
    while true {
      do {
        let count = try readOnce(buffer)
        position += UInt64(count)
        report(.advanced(item: descriptor.digest.short, bytes: UInt64(count)))
        return count
      } catch let error as DistributionError where error.isTransient {
        reader = nil
        try waitToRepeat(error)
      } catch {
        finish(.failed)
        throw error
      }
    }
  }

  private func readOnce(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let reader = try self.reader ?? connect()
    self.reader = reader
    let room = Int(min(UInt64(buffer.count), range.upperBound - position))
    let count = try DistributionError.mapping {
      try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
    }
    guard count > 0 else {
      throw DistributionError(
        .wrongSize, subject,
        reason: "the registry sent \(position) of \(descriptor.size) bytes and then ended the response")
    }
    if position + UInt64(count) == range.upperBound { try endRange(reader) }
    return count
  }

  /// Ends a range that is not the last one.
  private func endRange(_ reader: BodyReader) throws {
    guard range.upperBound < descriptor.size else { return }
    rate = Double(range.count) / max((ContinuousClock.now - asked).seconds, 0.001)
    self.reader = nil
  }

  private func connect() throws -> BodyReader {
    let blob = RemoteBlob(client: client, descriptor: descriptor)
    let offset = position
    let limit = client.profiles.current.downloadLimit
    let (length, isFresh) = (limit?.share(at: rate), needsFresh || limit != nil)
    asked = .now
    let begun = try waitFor { [client, broken] in
      try await blob.begin(at: offset, length: length, isFresh: isFresh) { event in
        switch event {
        case .carried(let use): client.profiles.carried(use, .download)
        case .broke(let use): broken.put(use)
        case .sent, .rewound: break
        }
      }
    }
    needsFresh = false
    range = offset..<begun.end
    // A remote registry without range support sends the whole blob again.
    var surplus = offset - begun.position
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: surplus > 0 ? 1 << 18 : 0, alignment: 16)
    defer { scratch.deallocate() }
    while surplus > 0 {
      let room = Int(min(UInt64(scratch.count), surplus))
      let count = try DistributionError.mapping {
        try begun.reader.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<room]))
      }
      guard count > 0 else {
        throw DistributionError(.wrongSize, subject, reason: "the registry ended the response before byte \(offset)")
      }
      surplus -= UInt64(count)
    }
    return begun.reader
  }

  private func waitToRepeat(_ error: DistributionError) throws {
    learn(error)
    guard let wait = retryBudget.next(error, at: position) else {
      finish(.failed)
      guard breaks > 1, error.code == .connection, let limit = client.profiles.current.downloadLimit else {
        throw error
      }
      throw error.explained(by: limit, to: client.reference.host, attempt: "receive \(ByteCount.text(limit.share))")
    }
    client.progress.report(
      .note("\(subject): \(error.reason); \(retryBudget.text(wait)), from byte \(position) on"))
    try waitFor { try await Task.sleep(for: .milliseconds(Int64(wait * 1000))) }
  }

  /// Learns from a connection that broke where another has broken before.
  private func learn(_ error: DistributionError) {
    needsFresh = [.connection, .timeout].contains(error.code)
    guard let use = broken.take(), use.received > 0 else { return }
    breaks += 1
    rate = Double(use.received) / max(Double(use.milliseconds) / 1000, 0.001)
    // A break costs nothing here but a wait, and one may be an accident.
    let isLimit =
      breaks > 1 ? client.profiles.broke(use, .download) : client.profiles.brokeOnce(use, .download)
    guard isLimit, let limit = client.profiles.current.downloadLimit else { return }
    retryBudget.renew()
    client.progress.report(
      .note(
        "\(subject): connections to \(client.reference.host) break after \(limit.text); receiving "
          + "\(ByteCount.text(limit.share)) over each from now on"))
  }

  // More bytes than the descriptor says mean another blob. A connection that breaks after the last byte does not
  // matter.
  private func checkEnd() throws {
    guard position == descriptor.size, !hasFinished else { return }
    if let reader {
      var one: UInt8 = 0
      let count = withUnsafeMutableBytes(of: &one) { (try? reader.read(into: $0)) ?? 0 }
      guard count == 0 else {
        finish(.failed)
        throw DistributionError(.wrongSize, subject, reason: "the registry sent more than the \(descriptor.size) bytes")
      }
    }
    finish(.done)
  }

  private var subject: String { "\(client.reference.name)@\(descriptor.digest)" }

  private func start() {
    if hasStarted { return }
    hasStarted = true
    report(.started(item: descriptor.digest.short, total: descriptor.size))
  }

  private func finish(_ outcome: ProgressOutcome) {
    guard hasStarted, !hasFinished else { return }
    hasFinished = true
    report(.finished(item: descriptor.digest.short, outcome: outcome))
  }

  private func report(_ event: ProgressEvent) {
    if reports { client.progress.report(event) }
  }
}
