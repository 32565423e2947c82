import OpzYAML

/// All objects that are linted together, and the references between them.
public struct ObjectSet: Sendable {
  public let objects: [LintObject]
  public let workloads: [Workload]
  public let autoscalers: [Autoscaler]
  let options: LintOptions
  /// Images that a kustomization in the set replaces, so that they are placeholders in the manifests.
  let replacedImages: Set<String>
  /// ConfigMaps that a kustomization in the set generates, under names with a hash.
  let generatedConfig: Set<String>
  /// Namespaces with custom resources whose controllers may create pods.
  private let foreign: Set<String>
  private let byKind: [String: [LintObject]]
  private let workloadsByTitle: [String: Int]
  /// Workload indexes by namespace, key and value of a pod label.
  private let workloadsByLabel: [String: [Int]]
  private let workloadsByNamespace: [String: [Int]]
  private let autoscalersByTarget: [String: [Int]]

  init(_ objects: [LintObject], _ options: LintOptions) {
    self.objects = objects
    self.options = options
    workloads = objects.compactMap(Workload.init)
    autoscalers = objects.compactMap(Autoscaler.init)
    byKind = Dictionary(grouping: objects, by: \.kind)
    foreign = Set(objects.filter { !ObjectSet.isKnown($0.group) }.map(\.namespace))
    let kustomizations = (byKind["Kustomization"] ?? []).map(\.root)
    func names(_ key: String) -> Set<String> {
      Set(kustomizations.flatMap { $0[key]?.list ?? [] }.compactMap { $0["name"]?.text })
    }
    (replacedImages, generatedConfig) = (names("images"), names("configMapGenerator"))
    var (titles, labels, namespaces) = ([String: Int](), [String: [Int]](), [String: [Int]]())
    for (index, workload) in workloads.enumerated() {
      titles[workload.object.title] = index
      namespaces[workload.object.namespace, default: []].append(index)
      for (key, value) in workload.podLabels {
        labels["\(workload.object.namespace)\n\(key)\n\(value)", default: []].append(index)
      }
    }
    (workloadsByTitle, workloadsByLabel, workloadsByNamespace) = (titles, labels, namespaces)
    autoscalersByTarget = Dictionary(
      grouping: autoscalers.indices, by: { [autoscalers] in ObjectSet.target(autoscalers[$0]) })
  }

  /// Whether the pods of a group's objects are known, or it creates none.
  private static func isKnown(_ group: Substring) -> Bool {
    let known: Set<Substring> = [
      "", "apps", "batch", "autoscaling", "policy", "keda.sh", "monitoring.coreos.com", "cert-manager.io",
      "serving.knative.dev", "serving.kserve.io", "argoproj.io", "extensions", "traefik.io",
    ]
    return known.contains(group) || group.hasSuffix(".k8s.io") || group.hasSuffix(".istio.io")
  }

  private static func target(_ autoscaler: Autoscaler) -> String {
    "\(autoscaler.targetKind) \(autoscaler.object.namespace)/\(autoscaler.targetName)"
  }

  func all(_ group: Substring, _ kind: String) -> [LintObject] {
    (byKind[kind] ?? []).filter { $0.group == group }
  }

  func workload(of autoscaler: Autoscaler) -> Workload? {
    workloadsByTitle[ObjectSet.target(autoscaler)].map { workloads[$0] }
  }

  func workload(_ kind: String, _ name: String, in namespace: String) -> Workload? {
    workloadsByTitle["\(kind) \(namespace)/\(name)"].map { workloads[$0] }
  }

  /// Whether all pods of the namespace come from known workloads in the set, because custom resources could create
  /// others.
  func knowsAllPods(_ namespace: String) -> Bool {
    !workloads(in: namespace).isEmpty && !foreign.contains(namespace)
  }

  func workloads(in namespace: String) -> [Workload] { (workloadsByNamespace[namespace] ?? []).map { workloads[$0] } }

  func autoscalers(of workload: Workload) -> [Autoscaler] {
    (autoscalersByTarget[workload.object.title] ?? []).map { autoscalers[$0] }
  }

  /// The workloads whose pods have all of these labels. Unlike in Kubernetes, no labels select nothing.
  func workloads(labelled labels: [String: String], in namespace: String) -> [Workload] {
    guard let (key, value) = labels.min(by: { $0.key < $1.key }) else { return [] }
    return (workloadsByLabel["\(namespace)\n\(key)\n\(value)"] ?? []).map { workloads[$0] }.filter { workload in
      labels.allSatisfy { workload.podLabels[$0.key] == $0.value }
    }
  }

  /// The workloads that a label selector selects; nil for a selector with expressions, which are not evaluated.
  func workloads(selected selector: YAMLNode?, in namespace: String) -> [Workload]? {
    guard let selector, selector["matchExpressions"] == nil else { return nil }
    return workloads(labelled: selector["matchLabels"]?.strings ?? [:], in: namespace)
  }

  /// The minimum and maximum number of replicas of a workload, and the node that sets the minimum.
  func replicas(of workload: Workload) -> (minimum: Int, maximum: Int, place: YAMLNode?) {
    if let autoscaler = autoscalers(of: workload).first {
      let minimum = Swift.max(1, autoscaler.min)
      return (minimum, Swift.max(minimum, autoscaler.max ?? minimum), autoscaler.minimum)
    }
    let written = workload.replicas?.int ?? 1
    return (written, written, workload.replicas)
  }
}
