import OpzKubernetes
import OpzYAML

extension DeployTarget {
  /// A Knative Service.
  public static let knative = DeployTarget(
    // Knative appends a revision name.
    rawValue: "knative", nameLimit: 36, defaultCPUTarget: nil, autoscaler: nil, evaluatesQueries: false,
    honoredLimits: { $0.cpuTarget == nil && $0.settings.autoscale?.memory == nil ? .downWindow : .none },
    isBehindKnative: { _ in true }, podPattern: { _, names in KnativeService.podPattern(names) },
    checkServer: { try $0.requireServer() },
    checkZeroReplicas: { plan in
      if plan.cpuTarget != nil || plan.settings.autoscale?.memory != nil { throw DeployError.zeroOnResources }
    },
    checkSignals: { try $0.checkSingleSignal() }, addObjects: { try $0.addKnative($1) },
    addChartValues: { object, template, values in
      guard object.kind == "Service", object.apiVersion.hasPrefix("serving") else { return false }
      template.pod(["spec", "template", "spec"], &values)
      template.scaleAnnotations(&values)
      return true
    })
}

extension PodRole {
  fileprivate static let knative = PodRole(containerName: "model", program: .server, isKnative: true)
}

extension DeployError {
  /// Replicas cannot rise from zero on CPU or memory, which only pods use.
  static let zeroOnResources = badMinimum(
    "without pods there is no CPU or memory use, so it would never scale up again",
    hint: "scale on concurrency or rps, or set min: 1")
}

extension DeploymentPlan {
  /// Rejects a second signal: Knative and KServe support one only.
  func checkSingleSignal() throws {
    let scale = settings.autoscale
    let written = [
      ("cpu", scale?.cpu), ("memory", scale?.memory), ("concurrency", scale?.concurrency), ("rps", scale?.rps),
    ].filter { $0.1 != nil }.map(\.0)
    guard written.count > 1 else { return }
    throw DeployError(
      .badTarget, "deploy.autoscale.\(written[1])",
      reason: "\(target) follows only one signal, and \(written[0]) is set",
      hint: "keep one of \(written.joined(separator: ", "))")
  }

  /// The target for requests in flight per pod with Knative: from opz.yaml, otherwise eight per core, because a small
  /// pod never reaches Knative's default of 100.
  fileprivate var knativeConcurrency: Int {
    // A value above a million is rejected where it is validated, too.
    settings.autoscale?.concurrency ?? Int(min(max(1, cpu.units), 125_000)) * 8
  }
}

extension ObjectList {
  fileprivate mutating func addKnative(_ other: DeploymentPlan?) throws {
    var service = KnativeService(plan: plan, names: names)
    if var other {
      other.settings.rollout = plan.settings.rollout
      other.target = plan.target
      let weight = plan.settings.rollout?.weight ?? (plan.settings.rollout?.strategy == .canary ? 10 : 0)
      service.alongside = (try KnativeService.revision(other, PlanNames(other)), weight)
      remarks.append("the revision of \(other.version) must exist: Knative keeps revisions that a route names")
    }
    add("serviceaccount", ServiceAccount(names: names))
    addConfigMap(plan, names)
    add("service", service)
    let selector = ["serving.knative.dev/service": names.name]
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: selector))
    addMonitoring(plan, names)
    if !plan.scalesOnRequests, plan.cpuTarget == nil {
      remarks.append(
        "no concurrency is set: the target is \(plan.knativeConcurrency) requests in flight, 8 per core")
    }
    noteKnativeFeatures()
  }

  /// Notes what Knative accepts only where features are enabled.
  mutating func noteKnativeFeatures() {
    if plan.settings.resources?.gpu != nil { remarks.append("Knative must have \(PodSpec.features) enabled") }
    if plan.settings.priorityClass != nil || plan.settings.spread != nil {
      remarks.append("Knative accepts priorityClass and spread only if features are enabled: they are omitted")
    }
  }
}

extension ChartTemplate {
  /// Replaces the annotations with the minimum and the maximum number of replicas.
  fileprivate mutating func scaleAnnotations(_ values: inout ChartValues) {
    let path = ["spec", "template", "metadata", "annotations"]
    for (key, name, about) in [("min-scale", "min", "Pods at least."), ("max-scale", "max", "Pods at most.")] {
      guard let now = find(path + ["autoscaling.knative.dev/" + key])?.text.flatMap({ Int($0) }) else { continue }
      let place = values.add(root + "replicas." + name, .integer(now), about: about, schema: ChartTemplate.count)
      set(path + ["autoscaling.knative.dev/" + key], "{{ \(place) | int64 | quote }}")
    }
  }
}

/// A Knative Service (serving.knative.dev/v1). What Knative accepts only behind feature flags is left out or
/// commented.
struct KnativeService: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  /// The other revision that shares the traffic, and the percentage that this one gets.
  var alongside: (revision: String, weight: Int)?

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
    guard let alongside else { return .list([part(revision, 100)]) }
    return .list([part(revision, alongside.weight), part(alongside.revision, 100 - alongside.weight)])
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
          [.init("timeoutSeconds", .integer(60))] + (PodSpec(plan: plan, names: names, role: .knative).yaml.members))))
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
    if plan.server.isOpzServer {
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

  /// A regular expression for the names of the pods of a Service with these names.
  static func podPattern(_ names: PlanNames) -> String { "\(names.name)-.+-deployment-\(PlanNames.podSuffix)" }
}
