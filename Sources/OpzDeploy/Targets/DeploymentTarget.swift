import OpzKubernetes
import OpzYAML

extension DeployTarget {
  /// Creates a target that runs a version as a Deployment with a Service: all of it but what scales the Deployment.
  /// - Parameters:
  ///   - checkSignals: is called after the checks that all such targets share.
  ///   - addExtras: is called after the objects were added.
  static func deployment(
    _ rawValue: String, autoscaler: DeploymentAutoscaler, evaluatesQueries: Bool,
    checkZeroReplicas: @escaping @Sendable (DeploymentPlan) throws -> Void,
    checkSignals: @escaping @Sendable (DeploymentPlan) throws -> Void,
    addExtras: @escaping @Sendable (inout ObjectList) -> Void
  ) -> DeployTarget {
    DeployTarget(
      rawValue: rawValue, nameLimit: ObjectName.limit, defaultCPUTarget: 70, autoscaler: autoscaler,
      evaluatesQueries: evaluatesQueries, honoredLimits: { _ in .all }, isBehindKnative: { _ in false },
      podPattern: { _, names in
        // Kubernetes shortens a pod's name where the Deployment's has more than 46 characters.
        names.name.utf8.count > 46 ? "\(names.name.prefix(46)).+" : "\(names.name)-\(PlanNames.podSuffix)"
      },
      checkServer: { try $0.requireServer() }, checkZeroReplicas: checkZeroReplicas,
      checkSignals: { plan in
        try plan.checkRequestMetrics()
        try checkSignals(plan)
      },
      addObjects: { list, other in
        try list.addDeployments(other, autoscaler)
        addExtras(&list)
      },
      addChartValues: { object, template, values in
        guard object.kind == autoscaler.kind else { return false }
        template.autoscaler(autoscaler, &values)
        return true
      })
  }
}

extension DeploymentPlan {
  /// Rejects an image that contains a model and no server.
  func requireServer() throws {
    guard server == .weights else { return }
    throw DeployError(
      .badTarget, "\(model)@\(version)", reason: "a model without a runtime has no server",
      hint:
        "use --target kserve, which mounts it into one of KServe's servers, or package it with a runtime: {kind: native} for what opz-server scores, else python or custom"
    )
  }

  /// Rejects request signals of a server that does not count its requests.
  fileprivate func checkRequestMetrics() throws {
    let scale = settings.autoscale
    guard server == .custom, scalesOnRequests, scale?.concurrency != nil || scale?.activate == nil else { return }
    throw DeployError(
      .badTarget, "deploy.autoscale.\(scale?.concurrency != nil ? "concurrency" : "rps")",
      reason: "only opz-server counts its requests, and this image has a server of its own",
      hint: "scale on cpu, use --target knative, or use keda and write activate: QUERY for the rate at the gateway")
  }
}

extension ObjectList {
  /// Adds a Deployment with what belongs to it; with a rollout those of both versions, and their HTTPRoute.
  fileprivate mutating func addDeployments(_ other: DeploymentPlan?, _ autoscaler: DeploymentAutoscaler) throws {
    var backends: [(service: String, weight: Int)] = []
    let weight =
      other == nil ? 100 : plan.settings.rollout?.weight ?? (plan.settings.rollout?.strategy == .canary ? 10 : 0)
    if var other {
      // The names of both sides contain the version, whatever the other version's opz.yaml says.
      other.settings.rollout = plan.settings.rollout
      other.target = plan.target
      other.namespace = plan.namespace
      let names = try PlanNames(other)
      addSide(other, names, autoscaler: autoscaler)
      backends.append((names.name, 100 - weight))
    }
    addSide(plan, names, autoscaler: autoscaler)
    guard plan.runsSideBySide else { return }
    backends.append((names.name, weight))
    add("httproute", HTTPRoute(plan: plan, names: names, backends: backends))
    remarks.append("of 100 requests " + backends.map { "\($0.weight) go to \($0.service)" }.joined(separator: ", "))
  }

  private mutating func addSide(_ plan: DeploymentPlan, _ names: PlanNames, autoscaler: DeploymentAutoscaler) {
    let side = plan.runsSideBySide ? names.name : nil
    add("serviceaccount", ServiceAccount(names: names), side: side)
    addConfigMap(plan, names, side: side)
    add("deployment", Deployment(plan: plan, names: names), side: side)
    add("service", Service(names: names), side: side)
    if plan.isAutoscaled {
      add(autoscaler.kind.lowercased(), autoscaler.object(plan, names), side: side)
    } else {
      remarks.append(
        "min and max are both \(plan.minReplicas): the Deployment sets replicas, and no \(autoscaler.kind) is written")
    }
    addBudget(plan, names, selector: names.selector, side: side)
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: names.selector), side: side)
    if plan.settings.vpa == true { add("verticalpodautoscaler", VerticalPodAutoscaler(names: names), side: side) }
    addMonitoring(plan, names, side: side)
    noteSpareNodes(plan)
  }

  private mutating func noteSpareNodes(_ plan: DeploymentPlan) {
    guard let gpu = plan.settings.resources?.gpu else { return }
    let resource = gpu.resource ?? "nvidia.com/gpu"
    remarks.append("a rollout adds pods before it removes any, so it needs free nodes with \(gpu.count) \(resource)")
  }
}
