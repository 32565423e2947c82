import OpzYAML

/// Allows connections to the pods' port from the whole cluster, or from the peers that opz.yaml names, and no
/// connections from opz-server.
struct NetworkPolicy: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  let selector: [String: String]
  var role = PodRole.deployment

  var yaml: YAMLValue {
    // A user's command may need the network; opz-server does not.
    let isOwn =
      switch role.program {
      case .command: false
      case .scoring: plan.settings.batch?.command == nil
      case .server: !plan.target.isBehindKnative(plan)
      }
    let isClosed = plan.server == .native && isOwn
    let why = role.program == .scoring ? "Scoring needs no network." : "opz-server opens no connection."
    return KubernetesObject(
      apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init("podSelector", .map(.init("matchLabels", .texts(selector)))),
            .init("policyTypes", .list(isClosed ? [.text("Ingress"), .text("Egress")] : [.text("Ingress")])),
            .init("ingress", .list(role.isJob ? [] : ingress)),
            isClosed ? .init("egress", .list([]), comment: why) : nil))
      ]
    ).yaml
  }

  /// KServe's own servers do not name their port.
  private var port: YAMLValue { plan.server == .weights ? .integer(8080) : .text("http") }

  private var ingress: [YAMLValue] {
    if plan.target.isBehindKnative(plan) { return [.map(.init("ports", .list(knative)))] }
    let ports = YAMLValue.list([.map(.init("port", port), .init("protocol", .text("TCP")))])
    let from = sources
    return [.map(from.isEmpty ? nil : .init("from", .list(from)), .init("ports", ports))]
  }

  /// The ports of the queue-proxy in each pod, through which Knative's activator and autoscaler connect.
  private var knative: [YAMLValue] {
    [8012, 8013, 8112, 9090, 9091, 8022].map { .map(.init("port", .integer($0)), .init("protocol", .text("TCP"))) }
  }

  private var sources: [YAMLValue] {
    guard let ingress = plan.settings.ingress else { return [] }
    let pods = (ingress.pods ?? [:]).isEmpty ? nil : ingress.pods
    func matching(_ labels: [String: String]) -> YAMLValue { .map(.init("matchLabels", .texts(labels))) }
    func peer(_ namespace: String?, _ pods: [String: String]?) -> YAMLValue {
      .map(
        namespace.map { .init("namespaceSelector", matching(["kubernetes.io/metadata.name": $0])) },
        pods.map { .init("podSelector", matching($0)) })
    }
    var peers = (ingress.namespaces ?? []).map { peer($0, pods) }
    if peers.isEmpty, let pods { peers = [peer(nil, pods)] }
    let monitoring = plan.settings.monitoring
    if !peers.isEmpty, plan.server.isOpzServer, monitoring?.enabled == true || monitoring?.namespace != nil {
      peers.append(peer(monitoring?.namespace ?? "monitoring", nil))
    }
    return peers
  }
}
