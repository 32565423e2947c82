/// How replicas rise from the least to the most when all of them are wanted at once: what a peak meets.
public struct ScaleUpPath: Sendable, Hashable {
  public struct Step: Sendable, Hashable {
    /// Since the autoscaler saw the load.
    public let seconds: Int
    public let replicas: Int

    public init(seconds: Int, replicas: Int) {
      self.seconds = seconds
      self.replicas = replicas
    }
  }

  public let steps: [Step]
  /// Whether the last step is the most; false where the time is not enough.
  public let arrives: Bool

  /// - Parameter start: at least one, because an autoscaler of none is off.
  /// - Parameter longest: seconds after which nobody wants to know more.
  public init(_ limits: ReplicaLimits, from start: Int, longest: Double = 86_400) {
    var (steps, current) = ([Step](), max(1, start))
    var changes = ScaleUpPath.Changes(limits.up.policies)
    // Until the window is over, the smallest recommendation in it is what there was before the load.
    var now = max(0, ((limits.up.window ?? 0) / ReplicaLimits.sync).rounded(.up) * ReplicaLimits.sync)
    let longest = min(longest, 1e9)
    while current < limits.most, now <= longest {
      changes.forget(at: now)
      let next = limits.limited(current: current, desired: limits.most) { current &- changes.sum(within: $0) }
      if next > current {
        changes.add(next - current, at: now)
        steps.append(Step(seconds: Int(now), replicas: next))
        current = next
      }
      now += ReplicaLimits.sync
    }
    self.steps = steps
    arrives = current >= limits.most
  }

  /// What was added, with a running sum for each period: a file of a thousand slow autoscalers must not take a minute.
  private struct Changes {
    private var entries: [(value: Int, at: Double)] = []
    private var windows: [(period: Double, first: Int, sum: Int)]

    init(_ policies: [ScalingRules.Policy]) {
      windows = Set(policies.map(\.period)).map { (period: $0, first: 0, sum: 0) }
    }

    mutating func add(_ value: Int, at now: Double) {
      entries.append((value, now))
      for index in windows.indices { windows[index].sum &+= value }
    }

    mutating func forget(at now: Double) {
      for index in windows.indices {
        while windows[index].first < entries.count, entries[windows[index].first].at <= now - windows[index].period {
          windows[index].sum &-= entries[windows[index].first].value
          windows[index].first += 1
        }
      }
    }

    func sum(within period: Double) -> Int { windows.first { $0.period == period }?.sum ?? 0 }
  }

  public var seconds: Int { steps.last?.seconds ?? 0 }

  /// `6, 12, 20`; with the middle left out where there are many.
  public var text: String {
    let numbers = steps.map { String($0.replicas) }
    guard numbers.count > 8 else { return numbers.joined(separator: ", ") }
    return (numbers.prefix(4) + ["..."] + numbers.suffix(2)).joined(separator: ", ")
  }
}
