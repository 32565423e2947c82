import OpzIO

/// Retries transient failures and reports them as progress notes.
struct Retrier: Sendable {
  let policy: RetryPolicy
  let progress: any ProgressSink

  /// Runs `body` until it succeeds, fails permanently, or the retry budget is spent.
  /// - Parameter onRetry: called before each retry.
  /// - Throws: the error of the last attempt.
  func run<Value>(
    _ subject: String, onRetry: () -> Void = {}, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> Value
  ) async throws -> Value {
    let clock = ContinuousClock()
    let begin = clock.now
    var attempt = 1
    while true {
      do {
        return try await body()
      } catch let error as DistributionError where error.isTransient {
        let elapsed = Retrier.seconds(clock.now - begin)
        attempt += 1
        guard let wait = policy.delay(before: attempt, elapsed: elapsed, retryAfter: error.retryAfter) else {
          throw error
        }
        progress.report(
          .note("\(subject): \(error.reason); attempt \(attempt) of \(policy.attempts) in \(Retrier.text(wait)) s"))
        try await Task.sleep(for: .milliseconds(Int64(wait * 1000)))
        onRetry()
      }
    }
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  static func text(_ seconds: Double) -> String {
    let tenths = Int64((min(seconds, 1e9) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
