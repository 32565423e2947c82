/// Computes how many replicas a HorizontalPodAutoscaler asks for, as a pure function of its inputs.
///
/// It follows kube-controller-manager's replica calculator (pkg/controller/podautoscaler/replica_calculator.go),
/// including its truncation: a utilization is a whole percent, an average a whole thousandth. The limits of
/// `behavior`, `minReplicas` and `maxReplicas` are applied afterwards. The tests run the controller's own test table.
public struct ReplicaCalculator: Sendable {
  /// How far the ratio of use to target may differ from 1 without a change.
  public struct Tolerance: Sendable, Hashable {
    /// The default of kube-controller-manager, `--horizontal-pod-autoscaler-tolerance`.
    public static let standard = Tolerance(up: 0.1, down: 0.1)
    /// How far the ratio may be above 1; 0.1 is 10 percent.
    public var up: Double
    /// How far the ratio may be below 1.
    public var down: Double

    /// Creates a tolerance; 0.1 is 10 percent.
    public init(up: Double, down: Double) {
      self.up = up
      self.down = down
    }

    /// Whether a ratio of use to target calls for no change.
    public func holds(_ ratio: Double) -> Bool { 1 - down <= ratio && ratio <= 1 + up }
  }

  /// Why no number of replicas can be computed.
  public enum Failure: Error, Sendable, Hashable {
    /// A pod has no sample of the container that the metric names.
    case containerNotInMetrics
    /// No pod that counts has a sample.
    case noMetrics
    /// A container has no request, so there is no utilization.
    case missingRequest
    /// None of the samples belongs to a pod with a request.
    case noMetricsForKnownPods
  }

  /// The replicas that one metric asks for, before limits.
  public struct Proposal: Sendable, Hashable {
    public let replicas: Int
    /// The utilization in whole percent of the requests; nil for other metrics.
    public let utilization: Int?
    /// The average of a pod, or the total, in thousandths of a unit.
    public let value: Int64
  }

  public var tolerance = Tolerance.standard
  /// Seconds after a pod's start during which CPU samples count only if they were taken while the pod was ready.
  public var initializationPeriod = 300.0
  /// Seconds after a pod's start during which an unready pod counts as never having been ready.
  public var readinessDelay = 30.0

  /// Creates a calculator with the defaults of kube-controller-manager.
  public init() {}

  /// Evaluates a resource metric with a target in percent of the requests.
  /// - Parameters:
  ///   - samples: by the name of the pod.
  ///   - target: percent.
  ///   - current: the present number of replicas.
  ///   - isCPU: whether the metric is CPU use, which starting pods distort.
  ///   - now: seconds on the clock of the pods and samples.
  /// - Throws: `Failure`.
  public func utilization(
    _ pods: [AutoscaledPod], _ samples: [String: MetricSample], target: Int, current: Int, isCPU: Bool, now: Double = 0
  ) throws -> Proposal {
    let groups = PodGroups(pods, samples, calculator: self, isCPU: isCPU, now: now)
    let counted = try counted(groups, samples)
    let requests = try ReplicaCalculator.requests(pods)
    let goal = max(100, Int64(clamping: target))
    return try proposal(
      groups, counted, current: current,
      ratio: { try ReplicaCalculator.utilizationRatio($0, requests: requests, target: target) },
      assumed: { pod in Int64(clamping: Int128(requests[pod] ?? 0) * Int128(goal) / 100) })
  }

  /// Evaluates a pods metric, or a resource metric with an absolute target per pod.
  /// - Parameters:
  ///   - samples: by the name of the pod.
  ///   - target: the average of a pod in thousandths.
  ///   - current: the present number of replicas.
  /// - Throws: `Failure`.
  public func average(
    _ pods: [AutoscaledPod], _ samples: [String: MetricSample], target: Int64, current: Int, isCPU: Bool = false,
    now: Double = 0
  ) throws -> Proposal {
    let groups = PodGroups(pods, samples, calculator: self, isCPU: isCPU, now: now)
    return try proposal(
      groups, try counted(groups, samples), current: current,
      ratio: { ReplicaCalculator.averageRatio($0, target: target) }, assumed: { _ in target })
  }

  /// Evaluates an object or external metric with a target for all pods together. Values are in thousandths.
  /// - Parameter ready: the number of pods that are running and ready.
  public func total(_ value: Int64, target: Int64, ready: Int, current: Int) -> Proposal {
    let ratio = Double(value) / Double(target)
    guard current != 0 else {
      return Proposal(replicas: ReplicaCalculator.ceiling(ratio), utilization: nil, value: value)
    }
    let replicas = tolerance.holds(ratio) ? current : ReplicaCalculator.ceiling(ratio * Double(ready))
    return Proposal(replicas: replicas, utilization: nil, value: value)
  }

  /// Evaluates an object or external metric with a target per pod. Values are in thousandths.
  /// - Parameter current: the number of replicas in the autoscaler's status.
  public func perPod(_ value: Int64, target: Int64, current: Int) -> Proposal {
    let ratio = Double(value) / (Double(target) * Double(current))
    let replicas = tolerance.holds(ratio) ? current : ReplicaCalculator.ceiling(Double(value) / Double(target))
    let average = Int64(clamping: ReplicaCalculator.ceiling(Double(value) / Double(current)))
    return Proposal(replicas: replicas, utilization: nil, value: average)
  }

  /// Combines the samples of a pod's containers: their sum, or the one of the container that the metric names.
  /// - Throws: `Failure.containerNotInMetrics`.
  public static func sample(_ containers: [(name: String, value: Int64)], of container: String?) throws -> Int64 {
    guard let container else { return containers.reduce(0) { Int64(clamping: Int128($0) + Int128($1.value)) } }
    guard let found = containers.first(where: { $0.name == container }) else { throw Failure.containerNotInMetrics }
    return found.value
  }
}

extension ReplicaCalculator {
  struct Ratio {
    let ratio: Double
    let utilization: Int?
    let value: Int64
  }

  /// The samples of the pods that count.
  /// - Throws: `Failure.noMetrics` where there are none.
  private func counted(_ groups: PodGroups, _ samples: [String: MetricSample]) throws -> [String: Int64] {
    let counted = samples.filter { !groups.ignored.contains($0.key) && !groups.unready.contains($0.key) }
    guard !counted.isEmpty else { throw Failure.noMetrics }
    return counted.mapValues(\.value)
  }

  /// Combines the groups of pods into a proposal.
  /// - Parameter assumed: the assumed use of a pod without a sample when scaling down, so that the missing sample does
  ///   not reduce the replicas.
  private func proposal(
    _ groups: PodGroups, _ samples: [String: Int64], current: Int, ratio: ([String: Int64]) throws -> Ratio,
    assumed: (String) -> Int64
  ) throws -> Proposal {
    let first = try ratio(samples)
    func result(_ replicas: Int) -> Proposal {
      Proposal(replicas: replicas, utilization: first.utilization, value: first.value)
    }
    let risesWithUnready = !groups.unready.isEmpty && first.ratio > 1
    if !risesWithUnready, groups.missing.isEmpty {
      if tolerance.holds(first.ratio) { return result(current) }
      return result(ReplicaCalculator.ceiling(first.ratio * Double(groups.ready)))
    }
    var samples = samples
    for pod in groups.missing {
      if first.ratio < 1 { samples[pod] = assumed(pod) }
      if first.ratio > 1 { samples[pod] = 0 }
    }
    if risesWithUnready { for pod in groups.unready { samples[pod] = 0 } }
    let second = try ratio(samples).ratio
    if tolerance.holds(second) || (first.ratio < 1 && second > 1) || (first.ratio > 1 && second < 1) {
      return result(current)
    }
    let replicas = ReplicaCalculator.ceiling(second * Double(samples.count))
    let reversesDirection = second < 1 ? replicas > current : replicas < current
    return result(reversesDirection ? current : replicas)
  }

  private static func requests(_ pods: [AutoscaledPod]) throws -> [String: Int64] {
    var requests: [String: Int64] = [:]
    for pod in pods {
      guard let request = pod.request else { throw Failure.missingRequest }
      requests[pod.name] = request
    }
    return requests
  }

  /// The percentage is truncated to an integer before it is divided.
  static func utilizationRatio(_ samples: [String: Int64], requests: [String: Int64], target: Int) throws -> Ratio {
    var (used, requested, count) = (Int128(0), Int128(0), Int128(0))
    for (pod, value) in samples {
      guard let request = requests[pod] else { continue }
      used += Int128(value)
      requested += Int128(request)
      count += 1
    }
    guard requested > 0 else { throw Failure.noMetricsForKnownPods }
    let percent = Int(clamping: used * 100 / requested)
    return Ratio(
      ratio: Double(percent) / Double(target), utilization: percent, value: Int64(clamping: used / count))
  }

  static func averageRatio(_ samples: [String: Int64], target: Int64) -> Ratio {
    let used = samples.values.reduce(Int128(0)) { $0 + Int128($1) }
    let average = Int64(clamping: used / Int128(max(1, samples.count)))
    return Ratio(ratio: Double(average) / Double(target), utilization: nil, value: average)
  }

  /// Rounds up to an integer that Kubernetes can represent.
  static func ceiling(_ value: Double) -> Int {
    guard value.isFinite else { return value > 0 ? Int(Int32.max) : 0 }
    return Int(min(max(value.rounded(.up), 0), Double(Int32.max)))
  }
}
