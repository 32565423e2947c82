import Testing

@testable import OpzHTTP

@Suite("The retry budget of a transfer")
struct RetryBudgetTests {
  private static let failure = HTTPError(.connection, "x", reason: "it broke")
  private static let policy = RetryPolicy(attempts: 3, base: 0, longest: 0, deadline: 6000)

  @Test("is used up without progress")
  func spent() {
    var budget = RetryBudget(Self.policy)
    #expect(budget.next(Self.failure, at: 10) != nil && budget.attempt == 2)
    #expect(budget.next(Self.failure, at: 10) != nil)
    #expect(budget.next(Self.failure, at: 10) == nil)
  }

  @Test("is renewed by a step of progress, and by nothing less")
  func renewed() {
    var budget = RetryBudget(Self.policy, step: 100)
    for offset in stride(from: UInt64(100), to: 1000, by: 100) {
      #expect(budget.next(Self.failure, at: offset) != nil && budget.attempt == 2)
    }
    #expect(budget.next(Self.failure, at: 999) != nil && budget.attempt == 3)
    #expect(budget.next(Self.failure, at: 999) == nil)
  }

  @Test("a transfer that loses its progress again and again gives up")
  func losses() {
    var budget = RetryBudget(Self.policy, step: 100)
    var rounds = 0
    while budget.next(Self.failure, at: 500) != nil, rounds < 1000 {
      budget.loseProgress(500)
      rounds += 1
    }
    #expect(rounds == RetryBudget.lossLimit + 1)
  }

  @Test("gives up on a peer that asks to wait longer than the deadline")
  func deadline() {
    var budget = RetryBudget(RetryPolicy(attempts: 3, base: 0, longest: 0, deadline: 5))
    #expect(budget.next(HTTPError(.status(429, retryAfter: 3), "x", reason: "slow down")) == 3)
    #expect(budget.next(HTTPError(.status(429, retryAfter: 30), "x", reason: "slow down")) == nil)
  }
}
