import OpzIO
import OpzKubernetes
import OpzYAML

/// The names and labels that all objects of a plan share.
struct PlanNames: Sendable {
  /// The name of the objects of this version.
  let name: String
  /// The model's name, for objects that two versions share.
  let shared: String
  let namespace: String?
  /// The labels that select the pods. They never change, because a Deployment's selector is immutable.
  let selector: [String: String]
  let labels: [String: String]
  let annotations: [String: String]

  /// Derives the names of a plan's objects.
  /// - Parameter limit: the maximum length of a name in characters; nil for the target's limit.
  init(_ plan: DeploymentPlan, limit: Int? = nil) throws {
    let limit = limit ?? plan.target.nameLimit
    shared = try ObjectName.of(model: plan.model, limit: limit)
    name = plan.runsSideBySide ? try ObjectName.of(model: plan.model, version: plan.version, limit: limit) : shared
    namespace = plan.namespace
    var selector = ["app.kubernetes.io/name": shared, "app.kubernetes.io/component": "model"]
    if plan.runsSideBySide { selector["app.kubernetes.io/instance"] = name }
    self.selector = selector
    labels = selector.merging([
      "app.kubernetes.io/version": ObjectName.labelValue(plan.version), "app.kubernetes.io/managed-by": "opz",
    ]) { one, _ in one }
    annotations = [
      PlanNames.owner: "\(plan.model)@\(plan.version)", "opz.dev/digest": plan.image.digest?.description ?? "",
    ]
  }

  /// The annotation with the object's model, because two models may have the same name in Kubernetes.
  static let owner = "opz.dev/model"

  func metadata(annotations: [String: String] = [:]) -> ObjectMeta {
    var all = annotations
    all[PlanNames.owner] = self.annotations[PlanNames.owner]
    return ObjectMeta(name: name, namespace: namespace, labels: labels, annotations: all)
  }

  /// The metadata of an object that two versions share.
  func sharedMetadata() -> ObjectMeta {
    ObjectMeta(
      name: shared, namespace: namespace,
      labels: ["app.kubernetes.io/name": shared, "app.kubernetes.io/managed-by": "opz"],
      annotations: annotations.filter { $0.key == PlanNames.owner }.mapValues { String($0.prefix { $0 != "@" }) })
  }

  /// A PromQL matcher for the names of the pods, so that the metrics of `churn` do not include those of `churn-eu`.
  func podMatcher(_ plan: DeploymentPlan) -> String {
    let place = namespace.map { "namespace=\"\($0)\"," } ?? ""
    return "\(place)pod=~\"\(plan.target.podPattern(plan, self))\""
  }

  /// A regular expression for what a ReplicaSet and its Deployment add to a name.
  static let podSuffix = "[0-9a-z]+-[0-9a-z]{5}"

  /// A name that contains a hash of the content, so that users of the object roll out when it changes.
  func name(of content: [String: String]) -> String {
    let text = content.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.key)=\($0.value)\n" }
    return "\(name.prefix(54))-\(Digest.of(Array(text.joined().utf8)).hex.prefix(8))"
  }
}

extension PlanNames {
  /// The names of the objects of `deploy.batch`.
  func batch() -> PlanNames {
    PlanNames(
      name: name + "-score", shared: shared, namespace: namespace,
      selector: ["app.kubernetes.io/name": shared, "app.kubernetes.io/component": "score"],
      labels: labels.merging(["app.kubernetes.io/component": "score"]) { _, new in new }, annotations: annotations)
  }

  /// The names of a Job, which is immutable, so that each plan gets its own.
  func batch(of plan: DeploymentPlan) throws -> PlanNames {
    let pod = YAMLWriter.write(PodSpec(plan: plan, names: self, role: .scoring).yaml)
    let hash = name(of: ["pod": pod]).suffix(8)
    let stem = name.prefix(ScoringJob.nameLimit - 9)
    return PlanNames(
      name: "\(stem)-\(hash)", shared: shared, namespace: namespace, selector: selector, labels: labels,
      annotations: annotations)
  }

  static let schedule = "opz.dev/schedule"

  /// The names of a scheduled command's objects, or of the ones that all commands share. They do not contain the
  /// version, so that a new version replaces the old one's commands.
  func schedule(_ name: String?) throws -> PlanNames {
    var own = ["app.kubernetes.io/component": ScheduledCommand.component]
    own[PlanNames.schedule] = name
    return PlanNames(
      name: try ObjectName.of(model: "\(shared)-\(name ?? "schedules")", limit: ScheduledCommand.nameLimit),
      shared: shared,
      namespace: namespace, selector: ["app.kubernetes.io/name": shared].merging(own) { _, new in new },
      labels: labels.filter { $0.key != "app.kubernetes.io/instance" }.merging(own) { _, new in new },
      annotations: annotations)
  }

  private init(
    name: String, shared: String, namespace: String?, selector: [String: String], labels: [String: String],
    annotations: [String: String]
  ) {
    self.name = name
    self.shared = shared
    self.namespace = namespace
    self.selector = selector
    self.labels = labels
    self.annotations = annotations
  }
}
