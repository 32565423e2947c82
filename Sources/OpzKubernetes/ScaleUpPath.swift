/// How the replicas rise from the minimum to the maximum when the load asks for all of them at once.
public struct ScaleUpPath: Sendable, Hashable {
  /// One change of the number of replicas.
  public struct Step: Sendable, Hashable {
    /// Seconds since the autoscaler saw the load.
    public let seconds: Int
    public let replicas: Int

    /// Creates a step.
    /// - Parameter seconds: since the autoscaler saw the load.
    public init(seconds: Int, replicas: Int) {
      self.seconds = seconds
      self.replicas = replicas
    }
  }

  public let steps: [Step]
  /// Whether the last step reaches the maximum; false where the simulated time was not enough.
  public let reachesMaximum: Bool

  /// Simulates the autoscaler in steps of its sync period.
  /// - Parameters:
  ///   - start: the initial replicas; 0 is treated as 1, because an autoscaler without replicas is inactive.
  ///   - horizon: the number of seconds to simulate at most.
  public init(_ limits: ReplicaLimits, from start: Int, horizon: Double = 86_400) {
    var (steps, current) = ([Step](), max(1, start))
    var changes = ScaleUpPath.Changes(limits.up.policies)
    // During the window, its smallest recommendation is the number of replicas before the load.
    var now = max(0, ((limits.up.window ?? 0) / ReplicaLimits.syncPeriod).rounded(.up) * ReplicaLimits.syncPeriod)
    let horizon = min(horizon, 1e9)
    while current < limits.maxReplicas, now <= horizon {
      changes.forget(at: now)
      let next = limits.limited(current: current, desired: limits.maxReplicas) { current &- changes.sum(within: $0) }
      if next > current {
        changes.add(next - current, at: now)
        steps.append(Step(seconds: Int(now), replicas: next))
        current = next
      }
      now += ReplicaLimits.syncPeriod
    }
    self.steps = steps
    reachesMaximum = current >= limits.maxReplicas
  }

  /// The replicas that were added, with a running sum for each policy period, so that a file with a thousand slow
  /// autoscalers does not take a minute.
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

  /// Seconds from the load to the last step; 0 where there are no steps.
  public var seconds: Int { steps.last?.seconds ?? 0 }

  /// The steps, such as `6, 12, 20`, with the middle omitted where there are more than eight.
  public var text: String {
    let numbers = steps.map { String($0.replicas) }
    guard numbers.count > 8 else { return numbers.joined(separator: ", ") }
    return (numbers.prefix(4) + ["..."] + numbers.suffix(2)).joined(separator: ", ")
  }
}
