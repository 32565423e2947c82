/// How replicas rise from the least to the most when all of them are wanted at once: what a peak meets.
public struct ScaleUpPath: Sendable, Hashable {
  public struct Step: Sendable, Hashable {
    /// Since the autoscaler saw the load.
    public let seconds: Int
    public let replicas: Int
  }

  public let steps: [Step]
  /// Whether the last step is the most; false where the time is not enough.
  public let arrives: Bool

  /// - Parameter start: at least one, because an autoscaler of none is off.
  /// - Parameter longest: seconds after which nobody wants to know more.
  public init(_ limits: ReplicaLimits, from start: Int, longest: Double = 86_400) {
    var (steps, current, now) = ([Step](), max(1, start), 0.0)
    var added = ReplicaLog()
    // Until the window is over, the smallest recommendation in it is what there was before the load.
    let window = limits.up.window ?? 0
    var log = ReplicaLog(window > 0 ? [ReplicaLog.Entry(current, at: 0)] : [])
    while current < limits.most, now <= longest {
      let wanted = limits.stabilized(current: current, desired: limits.most, &log, now: now)
      let next = limits.limited(current: current, desired: wanted, added: added, removed: ReplicaLog(), now: now)
      if next > current {
        added.add(next - current, at: now, kept: limits.up.longestPeriod)
        steps.append(Step(seconds: Int(now), replicas: next))
        current = next
      }
      now += ReplicaLimits.sync
    }
    self.steps = steps
    arrives = current >= limits.most
  }

  public var seconds: Int { steps.last?.seconds ?? 0 }

  /// `6, 12, 20`; with the middle left out where there are many.
  public var text: String {
    let numbers = steps.map { String($0.replicas) }
    guard numbers.count > 8 else { return numbers.joined(separator: ", ") }
    return (numbers.prefix(4) + ["..."] + numbers.suffix(2)).joined(separator: ", ")
  }
}
