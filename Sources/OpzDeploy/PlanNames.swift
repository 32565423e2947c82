/// The names and labels that all objects of a plan share.
struct PlanNames: Sendable {
  /// Of every object.
  let name: String
  let namespace: String?
  /// What selects the pods; it never changes, because a Deployment's selector cannot.
  let selector: [String: String]
  let labels: [String: String]
  let annotations: [String: String]

  init(_ plan: DeploymentPlan) throws {
    name = try ObjectName.of(model: plan.model)
    namespace = plan.namespace
    selector = ["app.kubernetes.io/name": name, "app.kubernetes.io/component": "model"]
    labels = selector.merging([
      "app.kubernetes.io/version": ObjectName.labelValue(plan.version), "app.kubernetes.io/managed-by": "opz",
    ]) { one, _ in one }
    annotations = [
      "opz.dev/model": "\(plan.model)@\(plan.version)", "opz.dev/digest": plan.image.digest?.description ?? "",
    ]
  }

  func metadata(annotations: [String: String] = [:]) -> ObjectMeta {
    ObjectMeta(name: name, namespace: namespace, labels: labels, annotations: annotations)
  }
}
