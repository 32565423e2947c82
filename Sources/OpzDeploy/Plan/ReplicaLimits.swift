/// Limits how far a HorizontalPodAutoscaler follows its metrics' recommendation, as a pure function of its history.
///
/// It follows `normalizeDesiredReplicas` and `convertDesiredReplicasWithRules` of kube-controller-manager and their
/// counterparts for a `behavior` (pkg/controller/podautoscaler/horizontal.go), including their rounding. The tests
/// run the controller's own test tables.
public struct ReplicaLimits: Sendable, Hashable {
  /// `--horizontal-pod-autoscaler-sync-period` in seconds.
  public static let sync = 15.0
  /// `--horizontal-pod-autoscaler-downscale-stabilization` in seconds.
  public static let downWindow = 300.0

  /// The `minReplicas` of the autoscaler.
  public var least: Int
  /// The `maxReplicas` of the autoscaler.
  public var most: Int
  public var up: ScalingRules
  public var down: ScalingRules

  /// Creates limits; the rules default to those of the API server.
  public init(least: Int, most: Int, up: ScalingRules = .upward(), down: ScalingRules = .downward()) {
    self.least = least
    self.most = most
    self.up = up
    self.down = down
  }

  // MARK: Without a behavior

  /// Limits a recommendation to twice the replicas, or four where that is more.
  public static func plain(
    current: Int, desired: Int, least: Int, most: Int, factor: Double = 2, minimum: Double = 4
  ) -> Int {
    let limit = ReplicaCalculator.ceiling(Swift.max(factor * Double(current), minimum).rounded(.down))
    return Swift.max(Swift.min(desired, Swift.min(most, limit)), Swift.min(least, most))
  }

  /// Returns the largest recommendation within the window, and logs the present one.
  /// - Parameter window: seconds.
  public static func stabilized(
    _ desired: Int, _ log: inout ReplicaLog, window: Double = downWindow, now: Double
  ) -> Int {
    let result = (log.values(within: window, of: now) + [desired]).max() ?? desired
    log.add(desired, at: now, kept: window)
    return result
  }

  // MARK: With a behavior

  /// Returns the recommendation closest to `current` within the windows of both directions, and logs the present one.
  public func stabilized(current: Int, desired: Int, _ log: inout ReplicaLog, now: Double) -> Int {
    let (upWindow, downWindow) = (up.window ?? 0, down.window ?? ReplicaLimits.downWindow)
    let low = (log.values(within: upWindow, of: now) + [desired]).min() ?? desired
    let high = (log.values(within: downWindow, of: now) + [desired]).max() ?? desired
    log.add(desired, at: now, kept: Swift.max(upWindow, downWindow))
    return Swift.min(Swift.max(current, low), high)
  }

  /// Returns how much of a recommendation the policies allow.
  /// - Parameter added: the replicas added during the longest period of a policy; `removed` likewise.
  public func limited(current: Int, desired: Int, added: ReplicaLog, removed: ReplicaLog, now: Double) -> Int {
    func changed(_ log: ReplicaLog, _ seconds: Double) -> Int { log.values(within: seconds, of: now).reduce(0, &+) }
    return limited(current: current, desired: desired) { period in
      current &- changed(added, period) &+ changed(removed, period)
    }
  }

  /// Applies the policies.
  /// - Parameter replicas: returns the number of replicas a given number of seconds ago.
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
