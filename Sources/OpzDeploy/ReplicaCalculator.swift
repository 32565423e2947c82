/// How many replicas a HorizontalPodAutoscaler asks for, as a pure function of what it saw.
///
/// kube-controller-manager's replica calculator (pkg/controller/podautoscaler/replica_calculator.go), with its truncations: a utilization is a
/// whole percent, an average a whole thousandth. Limits by behavior, minReplicas and maxReplicas come after it. The tests run the controller's own table.
public struct ReplicaCalculator: Sendable {
  /// Nothing happens while the ratio of what is used to what is aimed at stays within these of 1.
  public struct Tolerance: Sendable, Hashable {
    /// The default of kube-controller-manager, `--horizontal-pod-autoscaler-tolerance`.
    public static let standard = Tolerance(up: 0.1, down: 0.1)
    public var up: Double
    public var down: Double

    public init(up: Double, down: Double) {
      self.up = up
      self.down = down
    }

    public func holds(_ ratio: Double) -> Bool { 1 - down <= ratio && ratio <= 1 + up }
  }

  public enum Failure: Error, Sendable, Hashable {
    /// A pod has no sample of the container that the metric names.
    case containerNotInMetrics
    /// No pod that counts has a sample.
    case noMetrics
    /// A container has no request, so there is no utilization.
    case missingRequest
    /// Samples are of none of the pods that have requests.
    case noMetricsForKnownPods
  }

  public struct Proposal: Sendable, Hashable {
    public let replicas: Int
    /// Whole percent of the requests; nil for other metrics.
    public let utilization: Int?
    /// Thousandths of a unit: the average of a pod, or the total.
    public let value: Int64
  }

  public var tolerance = Tolerance.standard
  /// Seconds after a pod's start during which samples of CPU count only when they were taken while it was ready.
  public var initializationPeriod = 300.0
  /// Seconds after a pod's start during which not being ready means never having been.
  public var readinessDelay = 30.0

  public init() {}

  /// A metric of resources with a target in percent of the requests.
  /// - Throws: `Failure`.
  public func utilization(
    _ pods: [AutoscaledPod], _ samples: [String: MetricSample], target: Int, current: Int, isCPU: Bool, now: Double = 0
  ) throws -> Proposal {
    let groups = PodGroups(pods, samples, self, isCPU: isCPU, now: now)
    let counted = try counted(groups, samples)
    let requests = try ReplicaCalculator.requests(pods)
    let goal = max(100, Int64(clamping: target))
    return try proposal(
      groups, counted, current: current,
      ratio: { try ReplicaCalculator.utilizationRatio($0, requests: requests, target: target) },
      stand: { pod in Int64(clamping: Int128(requests[pod] ?? 0) * Int128(goal) / 100) })
  }

  /// A metric of pods, or of resources with a target in units: thousandths, the average of a pod.
  /// - Throws: `Failure`.
  public func average(
    _ pods: [AutoscaledPod], _ samples: [String: MetricSample], target: Int64, current: Int, isCPU: Bool = false,
    now: Double = 0
  ) throws -> Proposal {
    let groups = PodGroups(pods, samples, self, isCPU: isCPU, now: now)
    return try proposal(
      groups, try counted(groups, samples), current: current,
      ratio: { ReplicaCalculator.averageRatio($0, target: target) }, stand: { _ in target })
  }

  /// A metric of an object or from outside, with a target for all pods together. Thousandths.
  /// - Parameter ready: pods that run and are ready.
  public func total(_ value: Int64, target: Int64, ready: Int, current: Int) -> Proposal {
    let ratio = Double(value) / Double(target)
    guard current != 0 else {
      return Proposal(replicas: ReplicaCalculator.ceiling(ratio), utilization: nil, value: value)
    }
    let replicas = tolerance.holds(ratio) ? current : ReplicaCalculator.ceiling(ratio * Double(ready))
    return Proposal(replicas: replicas, utilization: nil, value: value)
  }

  /// A metric of an object or from outside, with a target for each pod. Thousandths; `current` is what the status says.
  public func perPod(_ value: Int64, target: Int64, current: Int) -> Proposal {
    let ratio = Double(value) / (Double(target) * Double(current))
    let replicas = tolerance.holds(ratio) ? current : ReplicaCalculator.ceiling(Double(value) / Double(target))
    let average = Int64(clamping: ReplicaCalculator.ceiling(Double(value) / Double(current)))
    return Proposal(replicas: replicas, utilization: nil, value: average)
  }

  /// The samples of a pod's containers as one: their sum, or that of the container that the metric names.
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

  /// The samples that count.
  /// - Throws: `Failure.noMetrics` where none does.
  private func counted(_ groups: PodGroups, _ samples: [String: MetricSample]) throws -> [String: Int64] {
    let counted = samples.filter { !groups.ignored.contains($0.key) && !groups.unready.contains($0.key) }
    guard !counted.isEmpty else { throw Failure.noMetrics }
    return counted.mapValues(\.value)
  }

  /// - Parameter stand: what a pod without a sample is taken to use, where that keeps replicas from being taken away.
  private func proposal(
    _ groups: PodGroups, _ samples: [String: Int64], current: Int, ratio: ([String: Int64]) throws -> Ratio,
    stand: (String) -> Int64
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
      if first.ratio < 1 { samples[pod] = stand(pod) }
      if first.ratio > 1 { samples[pod] = 0 }
    }
    if risesWithUnready { for pod in groups.unready { samples[pod] = 0 } }
    let second = try ratio(samples).ratio
    if tolerance.holds(second) || (first.ratio < 1 && second > 1) || (first.ratio > 1 && second < 1) {
      return result(current)
    }
    let replicas = ReplicaCalculator.ceiling(second * Double(samples.count))
    let isAgainst = second < 1 ? replicas > current : replicas < current
    return result(isAgainst ? current : replicas)
  }

  private static func requests(_ pods: [AutoscaledPod]) throws -> [String: Int64] {
    var requests: [String: Int64] = [:]
    for pod in pods {
      guard let request = pod.request else { throw Failure.missingRequest }
      requests[pod.name] = request
    }
    return requests
  }

  /// The percent is cut to a whole number before it is divided.
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

  /// Upwards to a whole number that Kubernetes can hold.
  static func ceiling(_ value: Double) -> Int {
    guard value.isFinite else { return value > 0 ? Int(Int32.max) : 0 }
    return Int(min(max(value.rounded(.up), 0), Double(Int32.max)))
  }
}
