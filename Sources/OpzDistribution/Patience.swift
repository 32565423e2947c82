import OpzIO

/// How long a blob is tried. Progress winds the clock up again; without it the policy's attempts and deadline count.
struct Patience {
  private let policy: RetryPolicy
  /// Bytes that count as progress: a peer that takes a byte at a time is given up.
  private let step: UInt64
  private let clock = ContinuousClock()
  private var begin: ContinuousClock.Instant
  private var attempt = 1
  private var mark: UInt64 = 0
  private var losses = 0

  /// A registry that keeps nothing of an upload that was cut (docker-registry 2.8.2) gets the blob from its start so often.
  static let lossLimit = 24

  init(_ policy: RetryPolicy, size: UInt64) {
    self.policy = policy
    step = max(1, min(1 << 20, size / 100))
    begin = clock.now
  }

  /// Seconds to wait before the next attempt; nil to give up.
  /// - Parameter offset: bytes that are done for certain.
  mutating func next(_ error: DistributionError, at offset: UInt64) -> Double? {
    if offset >= mark &+ step {
      mark = offset
      attempt = 1
      begin = clock.now
    }
    attempt += 1
    let elapsed = Retrier.seconds(clock.now - begin)
    return losses > Patience.lossLimit
      ? nil : policy.delay(before: attempt, elapsed: elapsed, retryAfter: error.retryAfter)
  }

  /// All that was done is lost: the next attempt's progress begins at nothing.
  /// - Parameter offset: bytes that there were.
  mutating func forget(_ offset: UInt64) {
    losses += 1
    if max(mark, offset) >= step {
      attempt = 1
      begin = clock.now
    }
    mark = 0
  }

  /// Seconds to wait before a blob is started over; nil to give up.
  mutating func lost(_ offset: UInt64, _ error: DistributionError) -> Double? {
    forget(offset)
    return next(error, at: 0)
  }

  /// `attempt 2 of 5 in 0.6 s`.
  func text(_ seconds: Double) -> String { "attempt \(attempt) of \(policy.attempts) in \(Retrier.text(seconds)) s" }
}
