import OpzKubernetes
import OpzYAML

/// A HorizontalPodAutoscaler, or a ScaledObject, from which KEDA creates one.
public struct Autoscaler: Sendable {
  /// The HorizontalPodAutoscaler or ScaledObject.
  public let object: LintObject
  let target: YAMLNode?
  let targetKind: String
  let targetName: String
  let minimum: YAMLNode?
  let maximum: YAMLNode?
  let metrics: [ScalingMetric]
  let behavior: YAMLNode?

  var isKEDA: Bool { object.kind == "ScaledObject" }
  /// The minimum. The default of a HorizontalPodAutoscaler is 1, that of KEDA is 0.
  var min: Int { minimum?.int ?? (isKEDA ? 0 : 1) }
  /// The maximum. KEDA's default is 100; a HorizontalPodAutoscaler requires one.
  var max: Int? { maximum?.int ?? (isKEDA && maximum == nil ? 100 : nil) }

  init?(_ object: LintObject) {
    let spec = object.root["spec"]
    switch (object.group, object.kind) {
    case ("autoscaling", "HorizontalPodAutoscaler"):
      minimum = spec?["minReplicas"]
      maximum = spec?["maxReplicas"]
      behavior = spec?["behavior"]
      metrics = ScalingMetric.ofHPA(object)
    case ("keda.sh", "ScaledObject"):
      minimum = spec?["minReplicaCount"]
      maximum = spec?["maxReplicaCount"]
      behavior = spec?["advanced", "horizontalPodAutoscalerConfig", "behavior"]
      metrics = (spec?["triggers"]?.list ?? []).compactMap(ScalingMetric.init(trigger:))
    default: return nil
    }
    self.object = object
    target = spec?["scaleTargetRef"]
    targetKind = target?["kind"]?.text ?? "Deployment"
    targetName = target?["name"]?.text ?? ""
  }

  /// The scale-up rules of `behavior`, with the API server's defaults; nil where there are none, or invalid ones.
  var upward: ScalingRules? {
    // No real manifest has more policies, and each costs time.
    guard let up = behavior?["scaleUp"], (up["policies"]?.list ?? []).count <= 16 else { return nil }
    let policies = (up["policies"]?.list ?? []).map { policy -> ScalingRules.Policy? in
      guard let kind = policy["type"]?.text.flatMap(ScalingRules.Policy.Kind.init), let value = policy["value"]?.int,
        let period = policy["periodSeconds"]?.int, value > 0, value <= Int(Int32.max), (1...1800).contains(period)
      else { return nil }
      return ScalingRules.Policy(kind, value, period: Double(period))
    }
    let selection = up["selectPolicy"].map { $0.text.flatMap(ScalingRules.Selection.init) } ?? .max
    let window = up["stabilizationWindowSeconds"].map { $0.int } ?? 0
    guard let selection, let window, (0...3600).contains(window), policies.allSatisfy({ $0 != nil }) else { return nil }
    return .upward(
      window: Double(window), selection: selection, policies: policies.isEmpty ? nil : policies.compactMap { $0 })
  }

  /// How far a metric may differ from its target without a change; 0.1 is 10 percent.
  var tolerance: ReplicaCalculator.Tolerance {
    func read(_ direction: String) -> Double {
      behavior?[direction, "tolerance"]?.text.flatMap { try? Quantity($0, key: "") }.map { Double($0.milli) / 1000 }
        ?? 0.1
    }
    return ReplicaCalculator.Tolerance(up: read("scaleUp"), down: read("scaleDown"))
  }
}
