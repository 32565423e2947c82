import OpzKubernetes

extension DeploymentPlan {
  /// Rejects what Kubernetes would reject, and what it would accept but never scale.
  /// - Throws: `DeployError`, or `KubernetesError` for a name or quantity. The subject is the key of opz.yaml or the
  ///   option.
  public func validate() throws {
    guard image.digest != nil else {
      throw DeployError(.notPinned, image.description, reason: "the image is not pinned by digest")
    }
    if let namespace { try ObjectName.check(namespace, key: namespaceKey) }
    guard (1...65535).contains(port) else {
      throw DeployError(.badTarget, "runtime.expose", reason: "\(port) is not a port")
    }
    guard userAndGroup != nil || server == .weights else {
      throw DeployError(
        .badTarget, "runtime.user", reason: "\"\(user.prefix(80))\" is not UID or UID:GID of a user other than root",
        hint: "write numbers: Kubernetes cannot check a name")
    }
    try target.checkServer(self)
    try checkMemory()
    try checkReplicas()
    try checkNames()
    try checkQuota()
    try checkRollout()
    try checkRanges()
    if isAutoscaled || minReplicas == 0 { try checkSignals() }
  }

  private var namespaceKey: String { settings.namespace?.name == namespace ? "deploy.namespace.name" : "--namespace" }

  private func checkReplicas() throws {
    guard minReplicas <= maxReplicas else {
      throw DeployError(.badReplicas, "deploy.replicas.min", reason: "\(minReplicas) is more than max, \(maxReplicas)")
    }
    guard maxReplicas <= Int(Int32.max) else {
      throw DeployError(
        .badReplicas, "deploy.replicas.max",
        reason: "\(maxReplicas) is more than the maximum of Kubernetes, \(Int32.max)")
    }
    guard minReplicas >= 0 else {
      throw DeployError.badMinimum("\(minReplicas) is less than 0", hint: "set min: 0 or more")
    }
    if minReplicas == 0 { try target.checkZeroReplicas(self) }
  }

  private func checkNames() throws {
    let names: [(String, [String])] = [
      ("deploy.imagePullSecrets", settings.imagePullSecrets ?? []), ("deploy.envFrom", settings.envFrom ?? []),
      ("deploy.priorityClass", settings.priorityClass.map { [$0] } ?? []),
      ("deploy.batch.input.claim", settings.batch?.input.map { [$0.claim] } ?? []),
      ("deploy.batch.output.claim", settings.batch?.output.map { [$0.claim] } ?? []),
    ]
    for (key, values) in names {
      for value in values { try ObjectName.checkSubdomain(value, key: key) }
    }
    for name in settings.ingress?.namespaces ?? [] { try ObjectName.check(name, key: "deploy.ingress.namespaces") }
    try ObjectName.checkLabels(settings.ingress?.pods ?? [:], key: "deploy.ingress.pods")
    try ObjectName.checkLabels(settings.monitoring?.labels ?? [:], key: "deploy.monitoring.labels")
    if let name = settings.monitoring?.namespace { try ObjectName.check(name, key: "deploy.monitoring.namespace") }
    try checkGPU(key: "deploy.resources.gpu")
  }

  func checkGPU(key: String) throws {
    guard let gpu = settings.resources?.gpu else { return }
    guard (1...1024).contains(gpu.count) else {
      throw DeployError(.badTarget, "\(key).count", reason: "\(gpu.count) is not from 1 to 1024")
    }
    let resource = gpu.resource ?? "nvidia.com/gpu"
    guard resource.contains("/") else {
      throw DeployError(
        .badName, "\(key).resource", reason: "\"\(resource.prefix(80))\" is not a resource of a device plugin",
        hint: "write nvidia.com/gpu or amd.com/gpu")
    }
    try ObjectName.checkLabels([resource: ""], key: "\(key).resource")
    try ObjectName.checkLabels([gpu.toleration ?? resource: ""], key: "\(key).toleration")
    try ObjectName.checkLabels(["a": gpu.product ?? ""], key: "\(key).product")
  }

  /// A quota that is too small for the maximum number of replicas would stop the autoscaler silently.
  private func checkQuota() throws {
    guard let quota = settings.namespace?.quota else { return }
    if namespace == nil {
      throw DeployError(
        .badTarget, "deploy.namespace.quota", reason: "a quota needs a namespace, and none is set",
        hint: "write namespace: {name: scoring, quota: ..}, or give --namespace")
    }
    let pods = Int128(maxReplicas)
    func check(_ text: String?, _ key: String, one: Quantity) throws {
      guard let text else { return }
      let limit = try Quantity(text, key: "deploy.namespace.quota.\(key)")
      guard one.nano * pods > limit.nano else { return }
      throw DeployError(
        .neverScales, "deploy.namespace.quota.\(key)",
        reason:
          "\(text) stops the autoscaler at \(limit.nano / one.nano) pods of \(one): replicas.max is \(maxReplicas)",
        hint: "a rollout needs 25% more pods than max")
    }
    try check(quota.cpu, "cpu", one: cpu)
    try check(quota.memory, "memory", one: memory)
    if let pods = quota.pods, pods < 0 {
      throw DeployError(.badTarget, "deploy.namespace.quota.pods", reason: "\(pods) is less than 0")
    }
    if let pods = quota.pods, pods < maxReplicas {
      throw DeployError(
        .neverScales, "deploy.namespace.quota.pods", reason: "\(pods) pods are less than replicas.max, \(maxReplicas)",
        hint: "a rollout needs 25% more pods than max")
    }
  }

  private func checkRollout() throws {
    guard let rollout = settings.rollout else { return }
    if let weight = rollout.weight, !(0...100).contains(weight) {
      throw DeployError(.badTarget, "deploy.rollout.weight", reason: "\(weight) is not from 0 to 100")
    }
    if rollout.strategy == .blueGreen, let weight = rollout.weight, weight != 0, weight != 100 {
      throw DeployError(
        .badTarget, "deploy.rollout.weight", reason: "\(weight)% is not one of blue-green's two weights",
        hint: "write 0 or 100, or strategy: canary")
    }
    guard target.hasDeployment else { return }
    guard let gateway = rollout.gateway else {
      throw DeployError(
        .badTarget, "deploy.rollout.gateway", reason: "weights need a Gateway, and none is set",
        hint: "write gateway: NAMESPACE/NAME")
    }
    let parts = gateway.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count) else {
      throw DeployError(.badName, "deploy.rollout.gateway", reason: "\"\(gateway.prefix(80))\" is not NAMESPACE/NAME")
    }
    for part in parts { try ObjectName.checkSubdomain(part, key: "deploy.rollout.gateway") }
    for host in rollout.hosts ?? [] {
      let plain = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
      try ObjectName.checkSubdomain(plain, key: "deploy.rollout.hosts")
    }
  }
}

extension DeployError {
  /// A minimum number of replicas from which the pods would never start.
  static func badMinimum(_ reason: String, hint: String) -> DeployError {
    DeployError(.badReplicas, "deploy.replicas.min", reason: reason, hint: hint)
  }
}
