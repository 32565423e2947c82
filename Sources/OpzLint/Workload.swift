/// What runs pods: a Deployment and its like, a Job, a Pod, a Knative Service, a KServe predictor.
public struct Workload: Sendable {
  public let object: KubernetesObject
  /// The pod's spec.
  let pod: YAMLNode
  /// The template with the pod's metadata; the object itself for a Pod.
  let template: YAMLNode
  public let containers: [LintContainer]
  let podLabels: [String: String]

  init?(_ object: KubernetesObject) {
    guard let (template, pod) = Workload.template(of: object) else { return nil }
    self.object = object
    self.template = template
    self.pod = pod
    podLabels = template["metadata", "labels"]?.strings ?? [:]
    let setup = (pod["initContainers"]?.list ?? []).map {
      LintContainer(node: $0, role: $0["restartPolicy"]?.text == "Always" ? .sidecar : .setup)
    }
    containers = (pod["containers"]?.list ?? []).map { LintContainer(node: $0, role: .main) } + setup
  }

  private static func template(of object: KubernetesObject) -> (template: YAMLNode, pod: YAMLNode)? {
    let root = object.root
    if object.isOf("serving.kserve.io", "InferenceService") {
      // A predictor is a pod's spec with a few more keys; one with a model instead of containers is KServe's to fill.
      return root["spec", "predictor"].flatMap { $0["containers"] == nil ? nil : (root, $0) }
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

  /// Pods that are kept running, so that probes and scaling mean something.
  var serves: Bool {
    switch object.kind {
    case "Deployment", "StatefulSet", "ReplicaSet", "Rollout", "ReplicationController", "DaemonSet": true
    default: false
    }
  }

  var isKnative: Bool { object.group == "serving.knative.dev" }

  /// As written; nil where Kubernetes would take 1.
  var replicas: YAMLNode? { object.root["spec", "replicas"] }

  var running: [LintContainer] { containers.filter(\.runs) }
  var main: [LintContainer] { containers.filter { $0.role == .main } }

  /// Of the template, else of the object.
  func annotation(_ key: String) -> String? {
    template["metadata", "annotations"]?.strings[key] ?? object.annotations[key]
  }
}
