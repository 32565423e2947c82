/// How far a HorizontalPodAutoscaler goes of what its metrics recommend, as a pure function of what it did before.
///
/// kube-controller-manager's `normalizeDesiredReplicas`, `convertDesiredReplicasWithRules` and what they are with a `behavior`
/// (pkg/controller/podautoscaler/horizontal.go), with its roundings. The tests run the controller's own tables.
public struct ReplicaLimits: Sendable, Hashable {
  /// `--horizontal-pod-autoscaler-sync-period`, seconds.
  public static let sync = 15.0
  /// `--horizontal-pod-autoscaler-downscale-stabilization`, seconds.
  public static let downWindow = 300.0

  public var least: Int
  public var most: Int
  public var up: ScalingRules
  public var down: ScalingRules

  public init(least: Int, most: Int, up: ScalingRules = .upward(), down: ScalingRules = .downward()) {
    self.least = least
    self.most = most
    self.up = up
    self.down = down
  }

  // MARK: Without a behavior

  /// At most twice the replicas, or four where that is more.
  public static func plain(
    current: Int, desired: Int, least: Int, most: Int, factor: Double = 2, minimum: Double = 4
  ) -> Int {
    let limit = ReplicaCalculator.ceiling(Swift.max(factor * Double(current), minimum).rounded(.down))
    return Swift.max(Swift.min(desired, Swift.min(most, limit)), Swift.min(least, most))
  }

  /// The largest recommendation of the window; what is remembered is the one that was made.
  public static func stabilized(
    _ desired: Int, _ log: inout ReplicaLog, window: Double = downWindow, now: Double
  ) -> Int {
    let result = (log.values(within: window, of: now) + [desired]).max() ?? desired
    log.add(desired, at: now, kept: window)
    return result
  }

  // MARK: With a behavior

  /// The most careful recommendation of each direction's window.
  public func stabilized(current: Int, desired: Int, _ log: inout ReplicaLog, now: Double) -> Int {
    let (upWindow, downWindow) = (up.window ?? 0, down.window ?? ReplicaLimits.downWindow)
    let low = (log.values(within: upWindow, of: now) + [desired]).min() ?? desired
    let high = (log.values(within: downWindow, of: now) + [desired]).max() ?? desired
    log.add(desired, at: now, kept: Swift.max(upWindow, downWindow))
    return Swift.min(Swift.max(current, low), high)
  }

  /// What the policies allow of a recommendation.
  /// - Parameter added: what was added before, for as long as a policy looks back; `removed` alike.
  public func limited(current: Int, desired: Int, added: ReplicaLog, removed: ReplicaLog, now: Double) -> Int {
    func changed(_ log: ReplicaLog, _ seconds: Double) -> Int { log.values(within: seconds, of: now).reduce(0, &+) }
    return limited(current: current, desired: desired) { period in
      current &- changed(added, period) &+ changed(removed, period)
    }
  }

  /// - Parameter replicas: how many there were so many seconds ago.
  func limited(current: Int, desired: Int, replicas: (Double) -> Int) -> Int {
    func start(_ period: Double) -> Double { Double(replicas(period)) }
    if desired > current {
      let proposals = up.policies.map { policy in
        let start = start(policy.period)
        return ReplicaCalculator.ceiling(
          policy.kind == .pods ? start + Double(policy.value) : start * (1 + Double(policy.value) / 100))
      }
      let limit = Swift.max(current, ReplicaLimits.select(up, most: proposals.max(), least: proposals.min()) ?? current)
      return Swift.min(desired, most, limit)
    }
    guard desired < current else { return Swift.max(Swift.min(desired, most), Swift.min(least, most)) }
    let proposals = down.policies.map { policy in
      let start = start(policy.period)
      let left = policy.kind == .pods ? start - Double(policy.value) : start * (1 - Double(policy.value) / 100)
      return ReplicaCalculator.ceiling(Swift.max(0, left).rounded(.down))
    }
    let limit = Swift.min(current, ReplicaLimits.select(down, most: proposals.min(), least: proposals.max()) ?? current)
    return Swift.max(desired, least, limit)
  }

  private static func select(_ rules: ScalingRules, most: Int?, least: Int?) -> Int? {
    switch rules.selection {
    case .most: most
    case .least: least
    case .disabled: nil
    }
  }
}
