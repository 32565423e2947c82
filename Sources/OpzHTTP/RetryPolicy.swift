package import OpzIO

/// A retry budget: how often and when a request is tried again.
public struct RetryPolicy: Sendable {
  /// The total number of attempts, including the first one.
  public var attempts = 5
  /// Seconds before the second attempt; doubled for each further one.
  public var base = 0.5
  /// The longest wait in seconds, unless the peer asks for a longer one.
  public var longest = 20.0
  /// Seconds after the start of the first attempt in which another attempt may start.
  public var deadline = 300.0

  /// Seconds without a response, or nearly without data, after which a transfer fails. A server that hashes or copies
  /// a body before it responds has ten times as long.
  public var idle = 60

  /// Creates the default budget: 5 attempts within 300 seconds.
  public init() {}

  /// A budget with these values, for tests.
  package init(attempts: Int, base: Double, longest: Double, deadline: Double) {
    self.attempts = attempts
    self.base = base
    self.longest = longest
    self.deadline = deadline
  }

  /// Whether a response with this status may differ the next time.
  package static func isTransient(_ status: Int) -> Bool {
    status == 408 || status == 429 || (500...599).contains(status) && ![501, 505, 507].contains(status)
  }

  /// Returns the seconds to wait before attempt `next` (2 is the first retry), or nil to give up.
  /// - Parameters:
  ///   - elapsed: seconds since the first attempt started.
  ///   - retryAfter: the seconds that the peer asked to wait.
  package func delay(before next: Int, elapsed: Double, retryAfter: Double?) -> Double? {
    guard next <= attempts else { return nil }
    var wait = min(longest, base * Double(1 << min(next - 2, 16)))
    // Jitter over the upper half, so that clients that failed together do not retry together.
    wait *= Double.random(in: 0.5...1)
    if let retryAfter { wait = max(wait, retryAfter) }
    return elapsed + wait <= deadline ? wait : nil
  }

  /// Returns the seconds in a `Retry-After` header: a number, or an HTTP date (RFC 9110, section 10.2.3).
  package static func seconds(retryAfter text: String?, now: Timestamp) -> Double? {
    guard let text else { return nil }
    if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) { return min(Double(text) ?? 0, 1e9) }
    guard let date = HTTPDate.parse(text) else { return nil }
    return max(0, Double(date.milliseconds &- now.milliseconds) / 1000)
  }
}

/// Retries transient failures and reports them as progress notes.
package struct Retrier: Sendable {
  package let policy: RetryPolicy
  package let progress: any ProgressSink

  /// Retries by `policy`; each retry is a note to `progress`.
  package init(policy: RetryPolicy, progress: any ProgressSink) {
    self.policy = policy
    self.progress = progress
  }

  /// Runs `body` until it succeeds, fails permanently, or the retry budget is spent.
  /// - Throws: the error of the last attempt.
  package func run<Value>(
    _ subject: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async throws -> Value {
    var budget = RetryBudget(policy)
    while true {
      do {
        return try await body()
      } catch let error as any RetryableError where error.isTransient {
        guard let wait = budget.next(error) else { throw error }
        progress.report(.note("\(subject): \(error.reason); \(budget.text(wait))"))
        try await Task.sleep(for: .milliseconds(Int64(wait * 1000)))
      }
    }
  }
}
