import OpzYAML

/// The Deployment of one version. It has no `replicas` where an autoscaler sets them, because each apply would
/// otherwise reset them.
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
      plan.isAutoscaled ? nil : .init("replicas", .integer(plan.minReplicas)),
      .init("revisionHistoryLimit", .integer(5)),
      .init("progressDeadlineSeconds", .integer(plan.progressSeconds), comment: progressComment),
      .init("strategy", strategy),
      .init("selector", .map(.init("matchLabels", .texts(names.selector)))),
      .init("template", .map(.init("metadata", template), .init("spec", PodSpec(plan: plan, names: names).yaml))))
  }

  /// Written only where the deadline differs from Kubernetes' default.
  private var progressComment: String? {
    guard plan.progressSeconds > 600, let bytes = plan.imageBytes else { return nil }
    return "The image has \(bytes / 1_000_000) MB: at 10 MB/s, the pull is most of it."
  }

  /// New pods become ready before old ones are removed.
  private var strategy: YAMLValue {
    .map(
      .init("type", .text("RollingUpdate")),
      .init("rollingUpdate", .map(.init("maxUnavailable", .integer(0)), .init("maxSurge", .text("25%")))))
  }

  private var template: YAMLValue {
    var annotations: [String: String] = [:]
    if plan.server.isOpzServer {
      annotations = [
        "prometheus.io/scrape": "true", "prometheus.io/port": String(plan.port), "prometheus.io/path": "/metrics",
      ]
    }
    return .map(
      .init("labels", .texts(names.labels)), annotations.isEmpty ? nil : .init("annotations", .texts(annotations)))
  }
}

/// Limits drains to one pod at a time. It is not written for a single replica, where it would block every drain.
struct PodDisruptionBudget: YAMLEncodable {
  let names: PlanNames
  let selector: [String: String]

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init("maxUnavailable", .integer(1)),
            .init(
              "unhealthyPodEvictionPolicy", .text("AlwaysAllow"),
              comment: "A pod that is not ready does not hold up a drain."),
            .init("selector", .map(.init("matchLabels", .texts(selector))))))
      ]
    ).yaml
  }
}

/// Recommends requests (autoscaling.k8s.io/v1) without changing them, because two autoscalers must not act on one
/// resource.
struct VerticalPodAutoscaler: YAMLEncodable {
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "autoscaling.k8s.io/v1", kind: "VerticalPodAutoscaler", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init(
              "targetRef",
              .map(
                .init("apiVersion", .text("apps/v1")), .init("kind", .text("Deployment")),
                .init("name", .text(names.name)))),
            .init("updatePolicy", .map(.init("updateMode", .text("Off"))))))
      ]
    ).yaml
  }
}
