/// The files that a plan becomes.
public struct Manifests: Sendable {
  public struct File: Sendable, Hashable {
    public let name: String
    public let text: String
  }

  /// One object a file, and `kustomization.yaml` last.
  public let files: [File]
  /// What a person should know about the choices that were made.
  public let remarks: [String]

  /// - Throws: `DeployError` for a plan that Kubernetes would refuse, or that would never scale.
  public init(_ plan: DeploymentPlan) throws {
    try plan.validate()
    let names = try PlanNames(plan)
    var objects: [(String, YAMLValue)] = [
      ("serviceaccount.yaml", ServiceAccount(names: names).yaml),
      ("deployment.yaml", Deployment(plan: plan, names: names).yaml),
      ("service.yaml", Service(names: names).yaml),
    ]
    var remarks: [String] = []
    if plan.scales {
      objects.append(("horizontalpodautoscaler.yaml", HorizontalPodAutoscaler(plan: plan, names: names).yaml))
    } else {
      remarks.append(
        "min and max are both \(plan.minReplicas): no HorizontalPodAutoscaler, the Deployment has replicas")
    }
    if plan.minReplicas >= 2 {
      objects.append(("poddisruptionbudget.yaml", PodDisruptionBudget(names: names).yaml))
    } else {
      remarks.append("with one replica a PodDisruptionBudget would block every drain: there is none")
    }
    objects.append(("networkpolicy.yaml", NetworkPolicy(plan: plan, names: names).yaml))
    let kustomization = Kustomization(namespace: plan.namespace, resources: objects.map(\.0)).yaml
    files = (objects + [("kustomization.yaml", kustomization)]).map { File(name: $0.0, text: YAMLWriter.write($0.1)) }
    self.remarks = remarks
  }

  /// All objects in one stream, for `kubectl apply -f -`.
  public var stream: String {
    files.filter { $0.name != "kustomization.yaml" }.map { "---\n" + $0.text }.joined()
  }
}
