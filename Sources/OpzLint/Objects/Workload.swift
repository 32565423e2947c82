import OpzYAML

/// An object that runs pods: a Deployment or similar, a Job, a Pod, a Knative Service, or a KServe predictor.
public struct Workload: Sendable {
  public let object: LintObject
  /// The pod's spec.
  let pod: YAMLNode
  /// The pod template; for a Pod, the object itself.
  let template: YAMLNode
  /// The main containers, then the init containers.
  public let containers: [LintContainer]
  let podLabels: [String: String]

  init?(_ object: LintObject) {
    guard let (template, pod) = Workload.template(of: object) else { return nil }
    self.object = object
    self.template = template
    self.pod = pod
    podLabels = (template["metadata", "labels"]?.strings ?? [:]).merging(Workload.added(to: object)) { own, _ in own }
    let initializers = (pod["initContainers"]?.list ?? []).map {
      LintContainer(node: $0, role: $0["restartPolicy"]?.text == "Always" ? .sidecar : .initializer)
    }
    containers = (pod["containers"]?.list ?? []).map { LintContainer(node: $0, role: .main) } + initializers
  }

  private static func template(of object: LintObject) -> (template: YAMLNode, pod: YAMLNode)? {
    let root = object.root
    if object.isOf("serving.kserve.io", "InferenceService") {
      // A predictor is a pod spec with additional keys; KServe adds the container to one that has a model instead.
      return root["spec", "predictor"].map { (root, $0) }
    }
    let template: YAMLNode? =
      switch (object.group, object.kind) {
      case ("apps", _), ("batch", "Job"), ("", "ReplicationController"), ("serving.knative.dev", "Service"),
        ("serving.knative.dev", "Configuration"), ("argoproj.io", "Rollout"):
        root["spec", "template"]
      case ("batch", "CronJob"): root["spec", "jobTemplate", "spec", "template"]
      case ("", "Pod"): root
      default: nil
      }
    return template.flatMap { template in template["spec"].map { (template, $0) } }
  }

  /// Labels that controllers add to the pods that they create.
  private static func added(to object: LintObject) -> [String: String] {
    switch object.group {
    case "serving.kserve.io":
      [
        "serving.kserve.io/inferenceservice": object.name, "component": "predictor",
        "app": "isvc.\(object.name)-predictor",
      ]
    case "serving.knative.dev": ["serving.knative.dev/service": object.name]
    case "batch": ["job-name": object.name, "batch.kubernetes.io/job-name": object.name]
    default: [:]
    }
  }

  /// Whether the pods run permanently, so that probes and scaling matter.
  var serves: Bool {
    switch object.kind {
    case "Deployment", "StatefulSet", "ReplicaSet", "Rollout", "ReplicationController", "DaemonSet": true
    default: false
    }
  }

  var isKnative: Bool { object.group == "serving.knative.dev" }

  /// The replicas as written; nil where Kubernetes' default is 1.
  var replicas: YAMLNode? { object.root["spec", "replicas"] }

  var running: [LintContainer] { containers.filter(\.runs) }
  var main: [LintContainer] { containers.filter { $0.role == .main } }

  /// An annotation of the pod template, otherwise of the object.
  func annotation(_ key: String) -> String? {
    template["metadata", "annotations"]?.strings[key] ?? object.annotations[key]
  }
}
