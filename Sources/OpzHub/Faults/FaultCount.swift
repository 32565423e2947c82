import Synchronization

/// How often the rules of a plan have struck.
final class FaultCount: Sendable {
  private let rules: [(rule: FaultRule, fault: Fault)]
  private let seen: Mutex<[Int]>

  init(_ rules: [FaultRule]) {
    self.rules = rules.compactMap { rule in Fault.named(rule.fault).map { (rule, $0) } }
    seen = Mutex(Array(repeating: 0, count: self.rules.count))
  }

  /// The first rule that strikes this request; it counts as struck then.
  func take(_ request: HubRequest) -> (rule: FaultRule, fault: Fault)? {
    seen.withLock { seen in
      for (index, entry) in rules.enumerated() where entry.rule.matches(request, entry.fault) {
        let (skip, times) = (entry.rule.skip ?? 0, entry.rule.times ?? 1)
        // Past its last it stops counting, so that no number of requests is too large.
        if times > 0, seen[index] - skip >= times { continue }
        seen[index] &+= 1
        if seen[index] > skip { return entry }
      }
      return nil
    }
  }

  /// Requests that were struck so far.
  var struck: Int {
    seen.withLock { seen in zip(seen, rules).reduce(0) { $0 + max(0, $1.0 - ($1.1.rule.skip ?? 0)) } }
  }
}
