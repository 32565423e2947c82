import OpzOCI
import OpzYAML

/// What a pod is for, which determines how it is written. Those of a single target are in its file.
struct PodRole: Sendable {
  enum Program { case server, scoring, command }

  /// The pod of a Deployment.
  static let deployment = PodRole(containerName: "model", program: .server, isKnative: false)
  /// The pod of a Job that scores tables.
  static let scoring = PodRole(containerName: "score", program: .scoring, isKnative: false)
  /// The pod of a Job that runs a command of the user.
  static let command = PodRole(containerName: "command", program: .command, isKnative: false)

  let containerName: String
  let program: Program
  /// Whether Knative runs the pod. It names the port itself, and rejects most of a pod's security context and
  /// scheduling.
  let isKnative: Bool

  var isJob: Bool { program != .server }
}

/// The container of a model's pod, restricted to what Pod Security's `restricted` profile allows.
struct Container: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  var role = PodRole.deployment

  var yaml: YAMLValue {
    var members: [YAMLValue.Member?] = [
      .init("name", .text(role.containerName)),
      .init("image", .text(image.description)),
      .init("imagePullPolicy", .text("IfNotPresent")),
    ]
    members += role.isJob ? job : serving
    members += [
      environment.map { .init("env", $0) },
      sources.map { .init("envFrom", $0) },
      .init("resources", resources),
    ]
    if !role.isJob { members += probes + [ending] }
    members += [
      .init("securityContext", security),
      .init("volumeMounts", .list(mounts)),
    ]
    return .map(members.compactMap { $0 })
  }

  /// The image by digest only: a tag next to the digest is ignored, and misleading once it moves.
  var image: Reference { plan.image.digest.map(plan.image.pinned) ?? plan.image }

  private var serving: [YAMLValue.Member?] {
    let port = YAMLValue.map(
      role.isKnative ? nil : .init("name", .text("http")), .init("containerPort", .integer(plan.port)),
      .init("protocol", .text("TCP")))
    return [.init("ports", .list([port]))]
  }

  // MARK: Batch

  private var batch: DeploySettings.Batch { plan.settings.batch ?? DeploySettings.Batch() }

  private var job: [YAMLValue.Member?] {
    if let command = batch.command { return [.init("command", .texts(command))] }
    let words = [
      "score", "--input", Volumes.input, "--output", Volumes.output, "--shards", String(batch.shards ?? 1),
    ]
    return [
      .init("args", .texts(words), comment: "The shard is JOB_COMPLETION_INDEX, which Kubernetes sets in each pod.")
    ]
  }

  // MARK: Environment

  private var environment: YAMLValue? {
    func variable(_ name: String, _ value: String, comment: String? = nil) -> YAMLValue {
      .map(.init("name", .text(name), comment: comment), .init("value", .text(value)))
    }
    if role.program == .scoring {
      return batch.command == nil ? nil : .list([variable("OPZ_SHARDS", String(batch.shards ?? 1))])
    }
    if role.program == .command { return .list([variable("OPZ_MODEL_VERSION", plan.version)]) }
    guard plan.server.isOpzServer else { return nil }
    return .list([
      variable("OPZ_MODEL_VERSION", plan.version),
      variable(
        "OPZ_DRAIN_SECONDS", String(DeploymentPlan.drainSeconds),
        comment: "After SIGTERM the server is not ready but goes on answering, until every proxy has noticed."),
    ])
  }

  private var sources: YAMLValue? {
    var items: [YAMLValue] = []
    if let values = plan.settings.env, !values.isEmpty {
      let name = ConfigMap(values: values, names: names).name
      items.append(.map(.init("configMapRef", .map(.init("name", .text(name))))))
    }
    for secret in plan.settings.envFrom ?? [] {
      items.append(.map(.init("secretRef", .map(.init("name", .text(secret))))))
    }
    return items.isEmpty ? nil : .list(items)
  }

  /// The limits equal the requests: a pod gets exactly what was measured, and is among the last to be evicted or
  /// killed when a node runs out of memory.
  private var resources: YAMLValue {
    let gpu = plan.settings.resources?.gpu
    let amounts = YAMLValue.map(
      .init("cpu", .text(plan.cpu.description)), .init("memory", .text(plan.memory.description)),
      gpu.map { .init($0.resource ?? "nvidia.com/gpu", .integer($0.count)) })
    return .map(.init("requests", amounts), .init("limits", amounts))
  }

  // MARK: Probes

  private var probes: [YAMLValue.Member?] {
    // While a pod starts, Knative probes readiness through its own proxy, far more often than once a second.
    let start = probe("live", period: 1, failures: plan.startupSeconds)
    return [
      .init("startupProbe", start, comment: startupComment),
      .init("readinessProbe", probe("ready", period: 2, failures: 1)),
      .init("livenessProbe", probe("live", period: 10, failures: 3)),
    ]
  }

  /// A server of somebody else's may end at once on SIGTERM, or not heed it as process 1: it goes on answering until
  /// every proxy has noticed that the pod is going. An image of files alone has no program that sleeps.
  private var ending: YAMLValue.Member? {
    guard plan.server == .custom, plan.hasBase, !role.isKnative else { return nil }
    let words = ["sleep", String(DeploymentPlan.drainSeconds)]
    let sleep = YAMLValue.map(.init("exec", .map(.init("command", .texts(words)))))
    return .init(
      "lifecycle", .map(.init("preStop", sleep)),
      comment: "Before SIGTERM the server goes on answering, until every proxy has noticed.")
  }

  private var startupComment: String {
    let seconds = plan.startupSeconds
    if let measured = plan.readyMilliseconds {
      return
        "opz test measured \(measured) ms to the first answer: \(seconds) s are allowed, for a slower node that pulls and reads from a cold disk."
    }
    let allowed = "No load time was measured: \(seconds) s are allowed before the first answer"
    return plan.server == .native ? allowed + ", far more than opz-server needs." : allowed + "."
  }

  private func probe(_ state: String, period: Int, failures: Int) -> YAMLValue {
    let port = role.isKnative ? YAMLValue.integer(plan.port) : .text("http")
    let action: YAMLValue.Member =
      switch plan.server {
      case .native, .workers: .init("httpGet", .map(.init("path", .text("/v2/health/\(state)")), .init("port", port)))
      case .custom, .weights: .init("tcpSocket", .map(.init("port", port)))
      }
    return .map(
      action, .init("periodSeconds", .integer(period)), .init("timeoutSeconds", .integer(1)),
      .init("failureThreshold", .integer(failures)))
  }

  // MARK: Security

  private var security: YAMLValue {
    let ids = plan.userAndGroup
    let isAlone = role.isKnative
    return .map(
      isAlone ? .init("runAsNonRoot", .bool(true)) : nil,
      isAlone ? ids.map { .init("runAsUser", .integer($0.user)) } : nil,
      isAlone ? .init("seccompProfile", .map(.init("type", .text("RuntimeDefault")))) : nil,
      .init("allowPrivilegeEscalation", .bool(false)),
      .init("readOnlyRootFilesystem", .bool(true)),
      .init("capabilities", .map(.init("drop", .list([.text("ALL")])))))
  }

  private var mounts: [YAMLValue] {
    let own = YAMLValue.map(.init("name", .text("tmp")), .init("mountPath", .text("/tmp")))
    return [own] + (role.program == .scoring ? Volumes(batch: batch).mounts : [])
  }
}
