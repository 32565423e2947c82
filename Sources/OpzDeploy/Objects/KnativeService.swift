import OpzKubernetes
import OpzYAML

/// A Knative Service (serving.knative.dev/v1). What Knative accepts only behind feature flags is left out or
/// commented.
struct KnativeService: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  /// The other revision that shares the traffic, and the percentage that this one gets.
  var beside: (revision: String, weight: Int)?

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: names.metadata(annotations: names.annotations),
      body: [.init("spec", spec)]
    ).yaml
  }

  /// The name of the revision: the Service's name, as Knative requires; the version, so that traffic can be divided
  /// by name; and a hash of the whole template, because a revision is immutable. It leaves room for the suffix
  /// `-private`.
  static func revision(_ plan: DeploymentPlan, _ names: PlanNames) throws -> String {
    let template = KnativeService(plan: plan, names: names).template(revision: nil)
    let hash = names.name(of: ["template": YAMLWriter.write(template)]).suffix(8)
    let version = try ObjectName.of(model: "\(names.name)-\(plan.version.lowercased())", limit: 46)
    return "\(version)-\(hash)"
  }

  private var revision: String? { plan.settings.rollout == nil ? nil : try? KnativeService.revision(plan, names) }

  private var spec: YAMLValue {
    .map(.init("template", template(revision: revision)), .init("traffic", traffic))
  }

  private var traffic: YAMLValue {
    func part(_ name: String?, _ percent: Int) -> YAMLValue {
      .map(
        name.map { .init("revisionName", .text($0)) } ?? .init("latestRevision", .bool(true)),
        .init("percent", .integer(percent)))
    }
    guard let beside else { return .list([part(revision, 100)]) }
    return .list([part(revision, beside.weight), part(beside.revision, 100 - beside.weight)])
  }

  private func template(revision: String?) -> YAMLValue {
    .map(
      .init(
        "metadata",
        .map(
          revision.map { .init("name", .text($0)) }, .init("labels", .texts(names.labels)),
          .init("annotations", .texts(annotations)))),
      .init(
        "spec",
        .map(
          [.init("timeoutSeconds", .integer(60))] + (PodSpec(plan: plan, names: names, place: .knative).yaml.members))))
  }

  /// The pod's annotations, where Knative's autoscaler looks for its settings.
  private var annotations: [String: String] {
    let scale = plan.settings.autoscale
    var found = [
      "autoscaling.knative.dev/min-scale": String(plan.minReplicas),
      "autoscaling.knative.dev/max-scale": String(plan.maxReplicas),
      "autoscaling.knative.dev/initial-scale": String(max(1, plan.minReplicas)),
      "serving.knative.dev/progress-deadline": "\(plan.progressSeconds)s",
    ]
    let (kind, metric, target): (String, String, Int) =
      if let cpu = plan.cpuTarget { ("hpa", "cpu", cpu) } else if let memory = scale?.memory {
        ("hpa", "memory", megabytes(memory))
      } else if let rps = scale?.rps { ("kpa", "rps", rps) } else { ("kpa", "concurrency", plan.knativeConcurrency) }
    found["autoscaling.knative.dev/class"] = "\(kind).autoscaling.knative.dev"
    found["autoscaling.knative.dev/metric"] = metric
    found["autoscaling.knative.dev/target"] = String(target)
    if kind == "kpa" {
      // By default Knative aims at 70% of the target.
      found["autoscaling.knative.dev/target-utilization-percentage"] = "100"
      // The HPA class does not support it, and has one window for both directions.
      if let window = scale?.down?.window { found["autoscaling.knative.dev/scale-down-delay"] = "\(window)s" }
    }
    if plan.server == .native {
      found["prometheus.io/scrape"] = "true"
      found["prometheus.io/port"] = String(plan.port)
      found["prometheus.io/path"] = "/metrics"
    }
    return found
  }

  /// Knative's memory target in MiB, from a percentage of the request.
  private func megabytes(_ percent: Int) -> Int {
    let bytes = Int128(plan.memory.units) * Int128(percent) / 100
    return Int(clamping: max(1, bytes / (1 << 20)))
  }
}

extension YAMLValue {
  /// The members of a mapping; empty for any other value.
  var members: [Member] { if case .map(let members) = self { members } else { [] } }
}
