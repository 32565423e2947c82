/// The Deployment: pods of one version. `replicas` is left to the autoscaler where there is one, because the two would fight.
struct Deployment: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "apps/v1", kind: "Deployment", metadata: names.metadata(annotations: names.annotations),
      body: [.init("spec", spec)]
    ).yaml
  }

  private var spec: YAMLValue {
    .map(
      plan.scales ? nil : .init("replicas", .integer(plan.minReplicas)),
      .init("revisionHistoryLimit", .integer(5)),
      .init("progressDeadlineSeconds", .integer(600)),
      .init("strategy", strategy),
      .init("selector", .map(.init("matchLabels", .texts(names.selector)))),
      .init("template", .map(.init("metadata", template), .init("spec", pod))))
  }

  /// New pods come before old ones go.
  private var strategy: YAMLValue {
    .map(
      .init("type", .text("RollingUpdate")),
      .init("rollingUpdate", .map(.init("maxUnavailable", .integer(0)), .init("maxSurge", .text("25%")))))
  }

  private var template: YAMLValue {
    var annotations: [String: String] = [:]
    if plan.server == .native {
      annotations = [
        "prometheus.io/scrape": "true", "prometheus.io/port": String(plan.port), "prometheus.io/path": "/metrics",
      ]
    }
    return .map(
      .init("labels", .texts(names.labels)), annotations.isEmpty ? nil : .init("annotations", .texts(annotations)))
  }

  private var pod: YAMLValue {
    .map(
      .init("serviceAccountName", .text(names.name)),
      .init("automountServiceAccountToken", .bool(false)),
      .init("enableServiceLinks", .bool(false)),
      .init(
        "terminationGracePeriodSeconds", .integer(DeploymentPlan.drainSeconds + 35),
        comment: "The drain, the longest request, and some room."),
      .init("securityContext", security),
      .init("topologySpreadConstraints", .list(["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(spread))),
      .init("containers", .list([Container(plan: plan).yaml])),
      .init(
        "volumes",
        .list([.map(.init("name", .text("tmp")), .init("emptyDir", .map(.init("sizeLimit", .text("64Mi")))))])))
  }

  private var security: YAMLValue {
    .map(
      .init("runAsNonRoot", .bool(true)),
      plan.userAndGroup.map { .init("runAsUser", .integer($0.user)) },
      plan.userAndGroup.map { .init("runAsGroup", .integer($0.group)) },
      plan.userAndGroup.map { .init("fsGroup", .integer($0.group)) },
      .init("seccompProfile", .map(.init("type", .text("RuntimeDefault")))))
  }

  private func spread(_ key: String) -> YAMLValue {
    .map(
      .init("maxSkew", .integer(1)), .init("topologyKey", .text(key)),
      .init("whenUnsatisfiable", .text("ScheduleAnyway")),
      .init("labelSelector", .map(.init("matchLabels", .texts(names.selector)))))
  }
}
