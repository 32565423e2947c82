/// A pod as a HorizontalPodAutoscaler sees it. Times are in seconds on any common clock.
public struct AutoscaledPod: Sendable, Hashable {
  /// The pod's `status.phase`.
  public enum Phase: String, Sendable {
    case pending = "Pending", running = "Running", succeeded = "Succeeded", failed = "Failed", unknown = "Unknown"
  }

  public var name: String
  public var phase: Phase
  /// Whether the pod has a deletion timestamp.
  public var isDeleted: Bool
  /// The status of the `Ready` condition; nil where the pod has no such condition.
  public var isReady: Bool?
  /// When the `Ready` condition last changed.
  public var readySince: Double
  /// When the pod started; nil where the kubelet has not reported it.
  public var started: Double?
  /// The resource request in thousandths, of all containers or of the one that the metric names; nil where one has no
  /// request.
  public var request: Int64?

  /// Creates a pod. By default it started long ago and has been ready since.
  /// - Parameter request: thousandths, such as millicores.
  public init(
    name: String, phase: Phase = .running, isDeleted: Bool = false, isReady: Bool? = true,
    readySince: Double = -1_000_000_000, started: Double? = -1_000_000_000, request: Int64? = nil
  ) {
    self.name = name
    self.phase = phase
    self.isDeleted = isDeleted
    self.isReady = isReady
    self.readySince = readySince
    self.started = started
    self.request = request
  }
}

/// The resource use of a pod in thousandths, averaged over the `window` seconds before `at`.
public struct MetricSample: Sendable, Hashable {
  /// Thousandths.
  public var value: Int64
  /// Seconds on any common clock.
  public var at: Double
  /// Seconds.
  public var window: Double

  /// Creates a sample.
  /// - Parameters:
  ///   - value: thousandths.
  ///   - at: seconds on the same clock as `AutoscaledPod`.
  ///   - window: seconds.
  public init(_ value: Int64, at: Double = 0, window: Double = 60) {
    self.value = value
    self.at = at
    self.window = window
  }
}

/// Classifies pods for a scaling decision, like kube-controller-manager's `groupPods`.
public struct PodGroups: Sendable, Hashable {
  /// The number of pods whose samples count.
  public private(set) var ready = 0
  /// The names of pods that are pending, or not ready and measured by their CPU use.
  public private(set) var unready: Set<String> = []
  /// The names of other pods without a sample.
  public private(set) var missing: Set<String> = []
  /// The names of pods that were deleted or have failed.
  public private(set) var ignored: Set<String> = []

  /// Classifies pods.
  /// - Parameters:
  ///   - samples: by the name of the pod.
  ///   - calculator: its initialization period and readiness delay are used.
  ///   - isCPU: whether the metric is CPU use, which starting pods distort.
  ///   - now: seconds on the clock of the pods and samples.
  public init(
    _ pods: [AutoscaledPod], _ samples: [String: MetricSample], calculator: ReplicaCalculator, isCPU: Bool,
    now: Double = 0
  ) {
    for pod in pods {
      if pod.isDeleted || pod.phase == .failed {
        ignored.insert(pod.name)
      } else if pod.phase == .pending {
        unready.insert(pod.name)
      } else if let sample = samples[pod.name] {
        if isCPU, PodGroups.isUnready(pod, sample, calculator: calculator, now: now) {
          unready.insert(pod.name)
        } else {
          ready += 1
        }
      } else {
        missing.insert(pod.name)
      }
    }
  }

  /// A pod that is starting uses CPU that does not reflect its load.
  private static func isUnready(
    _ pod: AutoscaledPod, _ sample: MetricSample, calculator: ReplicaCalculator, now: Double
  ) -> Bool {
    guard let isReady = pod.isReady, let started = pod.started else { return true }
    if started + calculator.initializationPeriod > now {
      return !isReady || sample.at < pod.readySince + sample.window
    }
    return !isReady && started + calculator.readinessDelay > pod.readySince
  }
}
