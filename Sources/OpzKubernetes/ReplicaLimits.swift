/// Limits how far a HorizontalPodAutoscaler follows its metrics' recommendation, as a pure function of its history.
///
/// It follows `normalizeDesiredReplicas` and `convertDesiredReplicasWithRules` of kube-controller-manager and their
/// counterparts for a `behavior` (pkg/controller/podautoscaler/horizontal.go), including their rounding. The tests
/// run the controller's own test tables.
public struct ReplicaLimits: Sendable, Hashable {
  /// `--horizontal-pod-autoscaler-sync-period` in seconds.
  public static let syncPeriod = 15.0
  /// `--horizontal-pod-autoscaler-downscale-stabilization` in seconds.
  public static let downscaleStabilization = 300.0

  /// The `minReplicas` of the autoscaler.
  public var minReplicas: Int
  /// The `maxReplicas` of the autoscaler.
  public var maxReplicas: Int
  public var up: ScalingRules
  public var down: ScalingRules

  /// Creates limits; the rules default to those of the API server.
  public init(minReplicas: Int, maxReplicas: Int, up: ScalingRules = .upward(), down: ScalingRules = .downward()) {
    self.minReplicas = minReplicas
    self.maxReplicas = maxReplicas
    self.up = up
    self.down = down
  }

  // MARK: Without a behavior

  /// Limits a recommendation to twice the replicas, or four where that is more.
  public static func plain(
    current: Int, desired: Int, minReplicas: Int, maxReplicas: Int, factor: Double = 2, minimum: Double = 4
  ) -> Int {
    let limit = ReplicaCalculator.ceiling(Swift.max(factor * Double(current), minimum).rounded(.down))
    return Swift.max(Swift.min(desired, Swift.min(maxReplicas, limit)), Swift.min(minReplicas, maxReplicas))
  }

  /// Returns the largest recommendation within the window, and logs the present one.
  /// - Parameter window: seconds.
  public static func stabilized(
    _ desired: Int, _ log: inout ReplicaLog, window: Double = downscaleStabilization, now: Double
  ) -> Int {
    let result = (log.values(within: window, of: now) + [desired]).max() ?? desired
    log.add(desired, at: now, kept: window)
    return result
  }

  // MARK: With a behavior

  /// Returns the recommendation closest to `current` within the windows of both directions, and logs the present one.
  public func stabilized(current: Int, desired: Int, _ log: inout ReplicaLog, now: Double) -> Int {
    let (upWindow, downWindow) = (up.window ?? 0, down.window ?? ReplicaLimits.downscaleStabilization)
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
      let limit = Swift.max(current, ReplicaLimits.select(up, max: proposals.max(), min: proposals.min()) ?? current)
      return Swift.min(desired, maxReplicas, limit)
    }
    guard desired < current else {
      return Swift.max(Swift.min(desired, maxReplicas), Swift.min(minReplicas, maxReplicas))
    }
    let proposals = down.policies.map { policy in
      let start = start(policy.period)
      let left = policy.kind == .pods ? start - Double(policy.value) : start * (1 - Double(policy.value) / 100)
      return ReplicaCalculator.ceiling(Swift.max(0, left).rounded(.down))
    }
    let limit = Swift.min(current, ReplicaLimits.select(down, max: proposals.min(), min: proposals.max()) ?? current)
    return Swift.max(desired, minReplicas, limit)
  }

  private static func select(_ rules: ScalingRules, max: Int?, min: Int?) -> Int? {
    switch rules.selection {
    case .max: max
    case .min: min
    case .disabled: nil
    }
  }
}

/// The history of a HorizontalPodAutoscaler: its recommendations, or its changes in one direction. Expired entries
/// are not removed but overwritten, as the controller does, so that the log stays short.
public struct ReplicaLog: Sendable, Hashable {
  /// One recommendation or change.
  public struct Entry: Sendable, Hashable {
    /// A number of replicas, or of replicas added or removed.
    public var value: Int
    /// Seconds on any common clock.
    public var at: Double
    /// Whether the next entry may overwrite this one.
    public var isOutdated: Bool

    /// Creates an entry.
    /// - Parameter at: seconds on any common clock.
    public init(_ value: Int, at: Double, isOutdated: Bool = false) {
      self.value = value
      self.at = at
      self.isOutdated = isOutdated
    }
  }

  public private(set) var entries: [Entry]

  /// Creates a log with the given history.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// Adds an entry, in place of an expired one if there is one.
  /// - Parameter kept: seconds for which an entry can count.
  public mutating func add(_ value: Int, at now: Double, kept: Double) {
    for index in entries.indices where entries[index].at < now - kept { entries[index].isOutdated = true }
    let entry = Entry(value, at: now)
    if let old = entries.lastIndex(where: \.isOutdated) { entries[old] = entry } else { entries.append(entry) }
  }

  /// The values of the last `seconds`.
  public func values(within seconds: Double, of now: Double) -> [Int] {
    entries.filter { $0.at > now - seconds }.map(\.value)
  }
}
