import OpzYAML

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
    annotations["serving.kserve.io/deploymentMode"] = plan.isKnativeMode ? "Knative" : "Standard"
    if !plan.isKnativeMode { annotations["serving.kserve.io/autoscalerClass"] = "hpa" }
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
        comment: plan.isKnativeMode
          ? nil : "KServe writes the autoscaler itself; only its newest versions take a behaviour (autoScaling)."),
    ]
    let place: Container.Place = plan.isKnativeMode ? .kserveKnative : .kserve
    let pod = PodSpec(plan: plan, names: names, place: place).yaml.members
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
    let image = Container(plan: plan, names: names, place: .kserve).image
    let amounts = YAMLValue.map(
      .init("cpu", .text(plan.cpu.description)), .init("memory", .text(plan.memory.description)))
    let (scheme, needs) = storage
    return .map(
      .init("modelFormat", .map(.init("name", .text(plan.modelFormat ?? "unknown")))),
      .init("protocolVersion", .text("v2")),
      .init("storageUri", .text("\(scheme)://\(image)"), comment: needs),
      .init("resources", .map(.init("requests", amounts), .init("limits", amounts))),
      .init(
        "securityContext",
        .map(
          plan.isKnativeMode ? .init("runAsNonRoot", .bool(true)) : nil,
          plan.isKnativeMode ? .init("seccompProfile", .map(.init("type", .text("RuntimeDefault")))) : nil,
          .init("allowPrivilegeEscalation", .bool(false)),
          .init("capabilities", .map(.init("drop", .list([.text("ALL")])))))))
  }
}
