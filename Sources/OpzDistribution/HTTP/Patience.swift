import OpzIO

/// The retry budget of one blob. Progress renews it; without progress the policy's attempts and deadline apply.
struct Patience {
  private let policy: RetryPolicy
  /// The number of bytes that count as progress, so that a peer that takes one byte at a time does not renew the
  /// budget.
  private let step: UInt64
  private let clock = ContinuousClock()
  private var begin: ContinuousClock.Instant
  private var attempt = 1
  private var mark: UInt64 = 0
  private var losses = 0

  /// How often a blob is sent from its start to a remote registry that keeps nothing of a broken upload
  /// (docker-registry 2.8.2).
  static let lossLimit = 24

  init(_ policy: RetryPolicy, size: UInt64) {
    self.policy = policy
    step = max(1, min(1 << 20, size / 100))
    begin = clock.now
  }

  /// Returns the seconds to wait before the next attempt, or nil to give up.
  /// - Parameter offset: the number of bytes that the remote registry has confirmed.
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

  /// Records that all progress is lost: the next attempt starts at zero.
  /// - Parameter offset: the number of bytes that had been confirmed.
  mutating func forget(_ offset: UInt64) {
    losses += 1
    if max(mark, offset) >= step {
      attempt = 1
      begin = clock.now
    }
    mark = 0
  }

  /// Returns the seconds to wait before the blob is sent from its start again, or nil to give up.
  mutating func lost(_ offset: UInt64, _ error: DistributionError) -> Double? {
    forget(offset)
    return next(error, at: 0)
  }

  /// `attempt 2 of 5 in 0.6 s`.
  func text(_ seconds: Double) -> String { "attempt \(attempt) of \(policy.attempts) in \(Retrier.text(seconds)) s" }
}
