import OpzYAML

/// The pod template's spec: security, scheduling and the container.
struct PodSpec: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  var role = PodRole.deployment

  var yaml: YAMLValue {
    .map(identity + lifetime + scheduling + content)
  }

  private var identity: [YAMLValue.Member] {
    let secrets = (plan.settings.imagePullSecrets ?? []).map { YAMLValue.map(.init("name", .text($0))) }
    return [
      .init("serviceAccountName", .text(names.name)),
      .init("automountServiceAccountToken", .bool(false)),
      .init("enableServiceLinks", .bool(false)),
    ] + (secrets.isEmpty ? [] : [.init("imagePullSecrets", .list(secrets))])
  }

  private var lifetime: [YAMLValue.Member] {
    if role.isKnative { return [] }
    if role.isJob { return [.init("restartPolicy", .text("Never")), .init("securityContext", security)] }
    return [
      .init(
        "terminationGracePeriodSeconds", .integer(DeploymentPlan.drainSeconds + 35),
        comment: "The drain, the longest request, and some room."),
      .init("securityContext", security),
    ]
  }

  private var scheduling: [YAMLValue.Member] {
    let comment = role.isKnative ? "Knative takes it where config-features enables \(Self.features)." : nil
    var members: [YAMLValue.Member] = []
    if let name = plan.settings.priorityClass, !role.isKnative {
      members.append(.init("priorityClassName", .text(name)))
    }
    if let gpu = plan.settings.resources?.gpu {
      let resource = gpu.resource ?? "nvidia.com/gpu"
      if let product = gpu.product {
        members.append(.init("nodeSelector", .map(.init(resource + ".product", .text(product))), comment: comment))
      }
      members.append(
        .init(
          "tolerations",
          .list([
            .map(
              .init("key", .text(gpu.toleration ?? resource)), .init("operator", .text("Exists")),
              .init("effect", .text("NoSchedule")))
          ]), comment: gpu.product == nil ? comment : nil))
    }
    let spread = plan.settings.spread ?? .soft
    if !role.isKnative, !role.isJob, spread != .none {
      let keys = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
      members.append(.init("topologySpreadConstraints", .list(keys.map { self.spread($0, spread) })))
    }
    return members
  }

  static let features = "kubernetes.podspec-nodeselector and kubernetes.podspec-tolerations"

  private var content: [YAMLValue.Member] {
    let batch = plan.settings.batch
    let own = YAMLValue.map(
      .init("name", .text("tmp")), .init("emptyDir", .map(.init("sizeLimit", .text("64Mi")))))
    let volumes = [own] + (role.program == .scoring ? batch.map { Volumes(batch: $0).volumes } ?? [] : [])
    return [
      .init("containers", .list([Container(plan: plan, names: names, role: role).yaml])),
      .init("volumes", .list(volumes)),
    ]
  }

  private var security: YAMLValue {
    // KServe's own servers run as the user of their image.
    let ids = plan.server == .weights ? nil : plan.userAndGroup
    return .map(
      .init("runAsNonRoot", .bool(true)),
      ids.map { .init("runAsUser", .integer($0.user)) }, ids.map { .init("runAsGroup", .integer($0.group)) },
      ids.map { .init("fsGroup", .integer($0.group)) },
      .init("seccompProfile", .map(.init("type", .text("RuntimeDefault")))))
  }

  private func spread(_ key: String, _ how: DeploySettings.Spread) -> YAMLValue {
    .map(
      .init("maxSkew", .integer(1)), .init("topologyKey", .text(key)),
      .init("whenUnsatisfiable", .text(how == .hard ? "DoNotSchedule" : "ScheduleAnyway")),
      .init("labelSelector", .map(.init("matchLabels", .texts(names.selector)))))
  }
}

/// The ServiceAccount: an identity without rights, and without a token in the pod.
struct ServiceAccount: YAMLEncodable {
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "v1", kind: "ServiceAccount", metadata: names.metadata(),
      body: [.init("automountServiceAccountToken", .bool(false))]
    ).yaml
  }
}

/// A ConfigMap with the variables of `deploy.env`.
///
/// Its name contains digits of the content's hash, so that pods roll when the content changes and an old ReplicaSet
/// keeps the values that it started with.
struct ConfigMap: YAMLEncodable {
  let values: [String: String]
  let names: PlanNames

  var name: String { names.name(of: values) }

  var yaml: YAMLValue {
    var metadata = names.metadata()
    metadata.name = name
    return KubernetesObject(
      apiVersion: "v1", kind: "ConfigMap", metadata: metadata,
      body: [.init("immutable", .bool(true)), .init("data", .texts(values))]
    ).yaml
  }
}
