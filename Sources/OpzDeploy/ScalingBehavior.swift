/// How fast replicas change, written out: the defaults differ between an absent and an empty `behavior`.
struct ScalingBehavior: YAMLEncodable {
  let up: DeploySettings.Rule?
  let down: DeploySettings.Rule?

  init(_ plan: DeploymentPlan) {
    up = plan.settings.autoscale?.up
    down = plan.settings.autoscale?.down
  }

  var yaml: YAMLValue { .map(.init("scaleUp", scaleUp), .init("scaleDown", scaleDown)) }

  /// At once, and by no more than doubling or four pods in 15 s.
  private var scaleUp: YAMLValue {
    rule(up, window: 0, period: 15, percent: 100, pods: 4)
  }

  /// Only below what the last five minutes wanted, and by half in a minute: a lull in traffic is not its end.
  private var scaleDown: YAMLValue {
    rule(down, window: 300, period: 60, percent: 50, pods: nil)
  }

  /// What the user says of the amounts takes the place of both, so that `pods: 1` is one pod and not half of them.
  private func rule(_ rule: DeploySettings.Rule?, window: Int, period: Int, percent: Int, pods: Int?) -> YAMLValue {
    let isOwn = rule?.percent != nil || rule?.pods != nil
    let amounts = [("Percent", isOwn ? rule?.percent : percent), ("Pods", isOwn ? rule?.pods : pods)]
    let seconds = rule?.period ?? period
    let policies = amounts.compactMap { type, value in
      value.map {
        YAMLValue.map(
          .init("type", .text(type)), .init("value", .integer($0)), .init("periodSeconds", .integer(seconds)))
      }
    }
    return .map(
      .init("stabilizationWindowSeconds", .integer(rule?.window ?? window)), .init("selectPolicy", .text("Max")),
      .init("policies", .list(policies)))
  }
}
