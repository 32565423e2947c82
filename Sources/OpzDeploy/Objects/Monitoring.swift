import OpzYAML

/// Alerts on opz-server's metrics (monitoring.coreos.com/v1). Each states the effect on clients and what to check.
struct PrometheusRule: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    var metadata = names.metadata()
    metadata.labels.merge(plan.settings.monitoring?.labels ?? [:]) { own, _ in own }
    return KubernetesObject(
      apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata: metadata,
      body: [
        .init(
          "spec",
          .map(.init("groups", .list([.map(.init("name", .text(names.name)), .init("rules", .list(rules)))]))))
      ]
    ).yaml
  }

  private var rules: [YAMLValue] {
    let pods = names.podMatcher(plan)
    let maximum = plan.maximumRequests
    let busy = maximum / 5 &* 4
    var found = [
      alert(
        "OpzModelAbsent", "absent(opz_ready{\(pods)} == 1)", duration: "5m", severity: "critical",
        summary: "No pod of \(names.name) is ready.", action: "kubectl get pods, and the log of one of them."),
      alert(
        "OpzModelFails",
        "sum(rate(opz_requests_total{\(pods),code=~\"5..\"}[5m])) / sum(rate(opz_requests_total{\(pods)}[5m])) > 0.01",
        duration: "5m", severity: "critical", summary: "More than 1% of the requests to \(names.name) fail with 5xx.",
        action: "503 means that pods refuse because too many requests are in flight: add replicas or lower the target."),
      alert(
        "OpzModelSaturated", "max(opz_requests_in_flight{\(pods)}) > \(busy)", duration: "2m", severity: "warning",
        summary: "A pod of \(names.name) has more than \(busy) requests in flight; it refuses above \(maximum).",
        action: "Is the autoscaler at its maximum? Are requests divided evenly?"),
      alert(
        "OpzModelRefuses",
        "sum(rate(opz_inference_errors_total{\(pods)}[10m])) / sum(rate(opz_inference_duration_seconds_count{\(pods)}[10m])) > 0.05",
        duration: "10m", severity: "warning",
        summary: "More than 5% of the inference requests to \(names.name) are refused or fail.",
        action: "Often a client sends other columns than the model has: see opz inspect \(plan.model)@\(plan.version)."),
      alert(
        "OpzModelRestarts", "max(changes(process_start_time_seconds{\(pods)}[30m])) > 2", duration: "0m",
        severity: "warning",
        summary: "A pod of \(names.name) has started more than twice in half an hour.",
        action: "kubectl describe pod says why: memory, or a liveness probe."),
      alert(
        "OpzModelMemory", "max(process_resident_memory_bytes{\(pods)}) > \(plan.memory.units / 10 &* 9)",
        duration: "10m",
        severity: "warning", summary: "A pod of \(names.name) uses more than 90% of its memory, \(plan.memory).",
        action: "Raise deploy.resources.memory: at the limit the kernel ends it."),
    ]
    if plan.isAutoscaled { found.append(atMost) }
    return found
  }

  private var atMost: YAMLValue {
    let place = names.namespace.map { "namespace=\"\($0)\"," } ?? ""
    let scaler = (plan.target.autoscaler?.metricsPrefix ?? "") + names.name
    let this = "\(place)horizontalpodautoscaler=\"\(scaler)\""
    return alert(
      "OpzModelAtMaximum",
      "kube_horizontalpodautoscaler_status_desired_replicas{\(this)} >= kube_horizontalpodautoscaler_spec_max_replicas{\(this)}",
      duration: "15m", severity: "warning",
      summary: "\(names.name) has had its most pods, \(plan.maxReplicas), for a quarter of an hour.",
      action: "Raise deploy.replicas.max, or what one pod has.")
  }

  private func alert(
    _ name: String, _ expression: String, duration: String, severity: String, summary: String, action: String
  ) -> YAMLValue {
    .map(
      .init("alert", .text(name)), .init("expr", .text(expression)), .init("for", .text(duration)),
      .init("labels", .texts(["severity": severity, "model": names.shared])),
      .init("annotations", .texts(["summary": summary, "description": action])))
  }
}

/// Tells the Prometheus Operator what to scrape (monitoring.coreos.com/v1).
struct ServiceMonitor: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    var metadata = names.metadata()
    metadata.labels.merge(plan.settings.monitoring?.labels ?? [:]) { own, _ in own }
    let endpoint = YAMLValue.map(
      .init("port", .text("http")), .init("path", .text("/metrics")), .init("interval", .text("15s")),
      .init("scrapeTimeout", .text("5s")))
    return KubernetesObject(
      apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", metadata: metadata,
      body: [
        .init(
          "spec",
          .map(
            .init("selector", .map(.init("matchLabels", .texts(names.selector)))),
            .init("endpoints", .list([endpoint]))))
      ]
    ).yaml
  }
}
