import OpzIO

/// The retry budget of one request or one transfer. Progress renews it; without progress the policy's attempts and
/// deadline apply.
package struct RetryBudget {
  private let policy: RetryPolicy
  /// The number of bytes that count as progress, so that a peer that takes one byte at a time does not renew the
  /// budget.
  private let step: UInt64
  private let clock = ContinuousClock()
  private var begin: ContinuousClock.Instant
  /// The number of the attempt that is next or under way, starting with 1.
  package private(set) var attempt = 1
  private var mark: UInt64 = 0
  private var losses = 0

  /// How often a body is sent from its start to a peer that keeps nothing of a broken transfer.
  package static let lossLimit = 24

  /// A new budget.
  /// - Parameter step: the number of bytes that count as progress.
  package init(_ policy: RetryPolicy, step: UInt64 = 1) {
    self.policy = policy
    self.step = max(1, step)
    begin = clock.now
  }

  /// Returns the seconds to wait before the next attempt, or nil to give up.
  /// - Parameter offset: the number of bytes that have arrived for certain.
  package mutating func next(_ error: any RetryableError, at offset: UInt64 = 0) -> Double? {
    if offset >= mark &+ step {
      mark = offset
      attempt = 1
      begin = clock.now
    }
    attempt += 1
    return losses > RetryBudget.lossLimit
      ? nil : policy.delay(before: attempt, elapsed: (clock.now - begin).seconds, retryAfter: error.retryAfter)
  }

  /// Records that all progress is lost: the next attempt starts at zero.
  /// - Parameter offset: the number of bytes that had arrived.
  package mutating func loseProgress(_ offset: UInt64) {
    losses += 1
    if max(mark, offset) >= step {
      attempt = 1
      begin = clock.now
    }
    mark = 0
  }

  /// Starts over: the next attempt is made in another way than those before.
  package mutating func renew() {
    attempt = 1
    begin = clock.now
  }

  /// `attempt 2 of 5 in 0.6 s`.
  package func text(_ seconds: Double) -> String {
    let tenths = Int64((min(seconds, 1e9) * 10).rounded())
    return "attempt \(attempt) of \(policy.attempts) in \(tenths / 10).\(tenths % 10) s"
  }
}
