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
    _ pods: [AutoscaledPod], _ samples: [String: MetricSample], _ calculator: ReplicaCalculator, isCPU: Bool,
    now: Double = 0
  ) {
    for pod in pods {
      if pod.isDeleted || pod.phase == .failed {
        ignored.insert(pod.name)
      } else if pod.phase == .pending {
        unready.insert(pod.name)
      } else if let sample = samples[pod.name] {
        if isCPU, PodGroups.isUnready(pod, sample, calculator, now: now) {
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
    _ pod: AutoscaledPod, _ sample: MetricSample, _ calculator: ReplicaCalculator, now: Double
  ) -> Bool {
    guard let isReady = pod.isReady, let started = pod.started else { return true }
    if started + calculator.initializationPeriod > now {
      return !isReady || sample.at < pod.readySince + sample.window
    }
    return !isReady && started + calculator.readinessDelay > pod.readySince
  }
}
