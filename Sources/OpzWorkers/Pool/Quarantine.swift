import OpzIO
import OpzInference
import Synchronization

/// Requests that ended a worker which ran nothing else. They are refused for a time, so that a client that repeats such a
/// request does not end one worker after the other.
final class Quarantine: Sendable {
  static let minutes = 10
  /// More are not kept; the oldest goes.
  private static let most = 1000

  private let entries = Mutex<[(key: Digest, until: ContinuousClock.Instant)]>([])
  private let count = Atomic(0)

  /// Requests that are refused now.
  var size: Int { entries.withLock { $0.count } }

  /// Refuses a request from now on.
  func add(_ request: RemoteRequest, now: ContinuousClock.Instant = .now) {
    let key = Quarantine.key(request)
    entries.withLock { entries in
      entries.removeAll { $0.key == key || $0.until <= now }
      if entries.count == Quarantine.most { entries.removeFirst() }
      entries.append((key, now + .seconds(60 * Quarantine.minutes)))
      count.store(entries.count, ordering: .releasing)
    }
  }

  /// Whether a request is refused. It costs nothing while none is.
  func holds(_ request: RemoteRequest, now: ContinuousClock.Instant = .now) -> Bool {
    guard count.load(ordering: .acquiring) > 0 else { return false }
    let key = Quarantine.key(request)
    return entries.withLock { entries in
      entries.removeAll { $0.until <= now }
      count.store(entries.count, ordering: .releasing)
      return entries.contains { $0.key == key }
    }
  }

  /// What a worker gets of a request: its inputs, outputs and parameters, not its ids.
  private static func key(_ request: RemoteRequest) -> Digest {
    var hasher = DigestHasher()
    func add(_ bytes: [UInt8]) {
      withUnsafeBytes(of: UInt64(bytes.count)) { hasher.update($0) }
      hasher.update(bytes)
    }
    for input in request.inputs {
      add(Array(input.name.utf8))
      add(Array("\(input.datatype.rawValue) \(input.shape) \(input.missing)".utf8))
      add(input.bytes)
    }
    for name in request.outputs ?? [] { add(Array(name.utf8)) }
    add(request.parameters ?? [])
    return hasher.finish()
  }
}
