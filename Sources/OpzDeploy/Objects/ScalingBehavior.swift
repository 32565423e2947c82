import OpzKubernetes
import OpzYAML

/// The `behavior` of an autoscaler, written in full, because the defaults differ between an absent and an empty
/// `behavior`.
struct ScalingBehavior: YAMLEncodable {
  let up: DeploySettings.Rule?
  let down: DeploySettings.Rule?

  init(_ plan: DeploymentPlan) {
    up = plan.settings.autoscale?.up
    down = plan.settings.autoscale?.down
  }

  /// The same rules as the controller reads them.
  var rules: (up: ScalingRules, down: ScalingRules) {
    (
      read(up, window: 0, period: 15, percent: 100, pods: 4),
      read(down, window: 300, period: 60, percent: 50, pods: nil)
    )
  }

  private func read(_ rule: DeploySettings.Rule?, window: Int, period: Int, percent: Int, pods: Int?) -> ScalingRules {
    let policies = amounts(rule, percent, pods: pods).map { kind, value in
      ScalingRules.Policy(kind, value, period: Double(rule?.period ?? period))
    }
    return ScalingRules(window: Double(rule?.window ?? window), policies: policies)
  }

  /// An amount from opz.yaml replaces both defaults, so that `pods: 1` means one pod and not also half of them.
  private func amounts(
    _ rule: DeploySettings.Rule?, _ percent: Int, pods: Int?
  ) -> [(kind: ScalingRules.Policy.Kind, value: Int)] {
    let isOwn = rule?.percent != nil || rule?.pods != nil
    let found: [(ScalingRules.Policy.Kind, Int?)] = [
      (.percent, isOwn ? rule?.percent : percent), (.pods, isOwn ? rule?.pods : pods),
    ]
    return found.compactMap { kind, value in value.map { (kind, $0) } }
  }

  /// A comment on how the replicas rise when a peak needs all of them.
  static func about(_ plan: DeploymentPlan) -> String {
    let rules = ScalingBehavior(plan).rules
    let limits = ReplicaLimits(
      minReplicas: plan.minReplicas, maxReplicas: plan.maxReplicas, up: rules.up, down: rules.down)
    let path = ScaleUpPath(limits, from: plan.minReplicas)
    let start = max(1, plan.minReplicas)
    guard path.reachesMaximum else { return "From \(start) to \(plan.maxReplicas) pods takes more than a day." }
    guard path.seconds > 0 else { return "From \(start) to \(plan.maxReplicas) pods at once, where all are wanted." }
    return "From \(start) to \(plan.maxReplicas) pods, where all are wanted: \(path.text) in \(path.seconds) s."
  }

  var yaml: YAMLValue { .map(.init("scaleUp", scaleUp), .init("scaleDown", scaleDown)) }

  /// By default immediate, and limited to doubling or four pods in 15 s, whichever is more.
  private var scaleUp: YAMLValue {
    rule(up, window: 0, period: 15, percent: 100, pods: 4)
  }

  /// By default only below the highest recommendation of the last five minutes, and by half per minute, because
  /// traffic may return.
  private var scaleDown: YAMLValue {
    rule(down, window: 300, period: 60, percent: 50, pods: nil)
  }

  private func rule(_ rule: DeploySettings.Rule?, window: Int, period: Int, percent: Int, pods: Int?) -> YAMLValue {
    let seconds = rule?.period ?? period
    let policies = amounts(rule, percent, pods: pods).map { kind, value in
      YAMLValue.map(
        .init("type", .text(kind.rawValue)), .init("value", .integer(value)), .init("periodSeconds", .integer(seconds)))
    }
    return .map(
      .init("stabilizationWindowSeconds", .integer(rule?.window ?? window)), .init("selectPolicy", .text("Max")),
      .init("policies", .list(policies)))
  }
}
