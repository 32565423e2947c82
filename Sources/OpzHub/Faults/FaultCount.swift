import Synchronization

/// Counts how often each rule of a plan has been applied.
final class FaultCount: Sendable {
  private let rules: [(rule: FaultRule, fault: Fault)]
  private let seen: Mutex<[Int]>

  init(_ rules: [FaultRule]) {
    self.rules = rules.compactMap { rule in Fault.named(rule.fault).map { (rule, $0) } }
    seen = Mutex(Array(repeating: 0, count: self.rules.count))
  }

  /// Returns the first rule that applies to this request, and counts the application.
  func take(_ request: HubRequest) -> (rule: FaultRule, fault: Fault)? {
    seen.withLock { seen in
      for (index, entry) in rules.enumerated() where entry.rule.matches(request, entry.fault) {
        let (skip, times) = (entry.rule.skip ?? 0, entry.rule.times ?? 1)
        // The count stops at the last application, so it cannot overflow.
        if times > 0, seen[index] - skip >= times { continue }
        seen[index] &+= 1
        if seen[index] > skip { return entry }
      }
      return nil
    }
  }

  /// How many requests have had a fault so far.
  var struck: Int {
    seen.withLock { seen in zip(seen, rules).reduce(0) { $0 + max(0, $1.0 - ($1.1.rule.skip ?? 0)) } }
  }
}
