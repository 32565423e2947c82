/// The kind of environment to deploy to.
public enum DeployProfile: String, Sendable, CaseIterable {
  /// Everything that opz.yaml says.
  case prod
  /// At most two pods on any nodes, without disruption budget, alerts, priority class, quota and
  /// VerticalPodAutoscaler.
  case dev

  func apply(to plan: DeploymentPlan) -> DeploymentPlan {
    guard self == .dev else { return plan }
    var plan = plan
    plan.minReplicas = min(plan.minReplicas, 1)
    plan.maxReplicas = min(plan.maxReplicas, 2)
    plan.hasBudget = false
    plan.settings.priorityClass = nil
    plan.settings.spread = DeploySettings.Spread.none
    plan.settings.monitoring?.enabled = false
    plan.settings.vpa = false
    plan.settings.namespace?.quota = nil
    return plan
  }
}
