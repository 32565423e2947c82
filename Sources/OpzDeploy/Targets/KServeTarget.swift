import OpzYAML

extension DeployTarget {
  /// A KServe InferenceService. KServe runs it on Knative for request-based signals, and with a
  /// HorizontalPodAutoscaler for CPU and memory.
  public static let kserve = DeployTarget(
    // KServe appends `-predictor`, and then Knative `-00001-private`.
    rawValue: "kserve", nameLimit: 38, defaultCPUTarget: 70, autoscaler: nil, evaluatesQueries: false,
    honoredLimits: { _ in .none }, isBehindKnative: { $0.scalesOnRequests },
    podPattern: { plan, names in
      plan.scalesOnRequests ? KnativeService.podPattern(names) : "\(names.name)-predictor-\(PlanNames.podSuffix)"
    },
    checkServer: { try $0.checkStorage() },
    checkZeroReplicas: { if !$0.scalesOnRequests { throw DeployError.zeroOnResources } },
    checkSignals: { try $0.checkSingleSignal() }, addObjects: { list, _ in try list.addKServe() },
    addChartValues: { object, template, values in
      guard object.kind == "InferenceService" else { return false }
      template.predictor(&values)
      return true
    })
}

extension PodRole {
  /// KServe finds the container by its name.
  fileprivate static let kserve = PodRole(containerName: "kserve-container", program: .server, isKnative: false)
  fileprivate static let kserveKnative = PodRole(containerName: "kserve-container", program: .server, isKnative: true)
}

extension DeploymentPlan {
  /// Rejects a way of mounting the model that its image does not allow.
  fileprivate func checkStorage() throws {
    if server == .weights {
      guard settings.storage != .modelcar || hasBase else {
        throw DeployError(
          .badTarget, "deploy.storage", reason: "a modelcar container runs a shell, which this image does not have",
          hint: "package it with runtime: {kind: model, base: ..}, or write storage: native")
      }
    } else if settings.storage != nil {
      throw DeployError(
        .badTarget, "deploy.storage", reason: "the image has a server of its own, so KServe mounts nothing",
        hint: "omit it, or package with runtime: {kind: model}")
    }
  }
}

extension ObjectList {
  fileprivate mutating func addKServe() throws {
    if plan.settings.rollout != nil {
      throw DeployError(
        .badTarget, "deploy.rollout", reason: "KServe ignores a canary's weight in its Standard mode (kserve #4074)",
        hint: "use --target kubernetes with a Gateway, or knative, or omit rollout")
    }
    if plan.server == .weights, plan.modelFormat == nil, let format = plan.unservedFormat {
      throw DeployError(
        .badTarget, "\(plan.model)@\(plan.version)", reason: "KServe has no server for a model of the format \(format)",
        hint: "package it with opz-server: runtime: {kind: native}")
    }
    if plan.server == .weights, plan.modelFormat == nil {
      throw DeployError(
        .badTarget, "\(plan.model)@\(plan.version)",
        reason: "KServe finds a server by the model's format, which is not known",
        hint: "package it with a server: runtime: {kind: custom, base: ..}")
    }
    add("serviceaccount", ServiceAccount(names: names))
    addConfigMap(plan, names)
    add("inferenceservice", InferenceService(plan: plan, names: names))
    let selector = ["serving.kserve.io/inferenceservice": names.name]
    if plan.scalesOnRequests { noteKnativeFeatures() } else { addBudget(plan, names, selector: selector) }
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: selector))
    addMonitoring(plan, names)
  }
}

extension ChartTemplate {
  fileprivate mutating func predictor(_ values: inout ChartValues) {
    let path = ["spec", "predictor"]
    for (key, name, about) in [("minReplicas", "min", "Pods at least."), ("maxReplicas", "max", "Pods at most.")] {
      guard let now = find(path + [key]) else { continue }
      let place = values.add(root + "replicas." + name, now, about: about, schema: ChartTemplate.count)
      set(path + [key], "{{ \(place) | int64 }}")
    }
    if let now = find(path + ["scaleTarget"]) {
      let place = values.add(
        root + "autoscaling.target", now, about: "What the autoscaler aims at, in the unit of its metric.",
        schema: ChartTemplate.count
      )
      set(path + ["scaleTarget"], "{{ \(place) | int64 }}")
    }
    if find(path + ["containers"]) != nil { pod(path, &values) }
  }
}

/// A KServe InferenceService (serving.kserve.io/v1beta1).
///
/// An image with a server becomes a custom container. A model without a server is mounted into one of KServe's
/// servers, as an image volume (`oci+native://`, KServe 0.20 with Kubernetes 1.33) or through a sidecar (`oci://`).
/// `minReplicas` and `maxReplicas` are always written, because KServe otherwise sets both to one and never scales
/// (kserve #6246). In its Knative mode KServe copies the pod into a Knative Service, which rejects most of what a
/// Deployment's pod has, so that is left out.
struct InferenceService: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    var annotations = names.annotations
    annotations["serving.kserve.io/deploymentMode"] = plan.scalesOnRequests ? "Knative" : "Standard"
    if !plan.scalesOnRequests { annotations["serving.kserve.io/autoscalerClass"] = "hpa" }
    return KubernetesObject(
      apiVersion: "serving.kserve.io/v1beta1", kind: "InferenceService",
      metadata: names.metadata(annotations: annotations), body: [.init("spec", .map(.init("predictor", predictor)))]
    ).yaml
  }

  private var predictor: YAMLValue {
    let scaling: [YAMLValue.Member] = [
      .init(
        "minReplicas", .integer(plan.minReplicas),
        comment: "Without both, KServe keeps one pod whatever the load is (kserve #6246)."),
      .init("maxReplicas", .integer(plan.maxReplicas)),
      .init("scaleMetric", .text(metric.name)),
      .init(
        "scaleTarget", .integer(metric.target),
        comment: plan.scalesOnRequests
          ? nil : "KServe writes the autoscaler itself; only its newest versions take a behaviour (autoScaling)."),
    ]
    let role: PodRole = plan.scalesOnRequests ? .kserveKnative : .kserve
    let pod = PodSpec(plan: plan, names: names, role: role).yaml.members
    guard plan.server == .weights else { return .map(scaling + pod) }
    return .map(scaling + pod.filter { !["containers", "volumes"].contains($0.key) } + [.init("model", model)])
  }

  private var metric: (name: String, target: Int) {
    let scale = plan.settings.autoscale
    if let value = scale?.concurrency { return ("concurrency", value) }
    if let value = scale?.rps { return ("rps", value) }
    if let value = scale?.memory { return ("memory", value) }
    return ("cpu", plan.cpuTarget ?? 70)
  }

  /// The URI scheme of the image, and what it requires of a cluster.
  private var storage: (scheme: String, needs: String?) {
    switch plan.settings.storage {
    case .modelcar: ("oci", nil)
    case .fetch: ("oci+fetch", "KServe 0.21 pulls the image itself, before each pod's start, and copies /models.")
    case .native, nil:
      (
        "oci+native",
        "An image volume: KServe 0.20; Kubernetes 1.35, or 1.33 with the gate ImageVolume; containerd 2 or CRI-O 1.31."
      )
    }
  }

  private var model: YAMLValue {
    let image = Container(plan: plan, names: names, role: .kserve).image
    let amounts = YAMLValue.map(
      .init("cpu", .text(plan.cpu.description)), .init("memory", .text(plan.memory.description)))
    let (scheme, needs) = storage
    return .map(
      .init("modelFormat", .map(.init("name", .text(plan.modelFormat ?? "unknown"))), comment: plan.modelFormatNote),
      .init("protocolVersion", .text("v2")),
      .init("storageUri", .text("\(scheme)://\(image)"), comment: needs),
      .init("resources", .map(.init("requests", amounts), .init("limits", amounts))),
      .init(
        "securityContext",
        .map(
          plan.scalesOnRequests ? .init("runAsNonRoot", .bool(true)) : nil,
          plan.scalesOnRequests ? .init("seccompProfile", .map(.init("type", .text("RuntimeDefault")))) : nil,
          .init("allowPrivilegeEscalation", .bool(false)),
          .init("capabilities", .map(.init("drop", .list([.text("ALL")])))))))
  }
}
