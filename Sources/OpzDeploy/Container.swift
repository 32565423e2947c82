import OpzOCI

/// The container of a model's pod, restricted as Pod Security's `restricted` profile asks.
struct Container: YAMLEncodable {
  let plan: DeploymentPlan

  var yaml: YAMLValue {
    .map(
      .init("name", .text("model")),
      .init("image", .text(image.description)),
      .init("imagePullPolicy", .text("IfNotPresent")),
      .init(
        "ports",
        .list([
          .map(
            .init("name", .text("http")), .init("containerPort", .integer(plan.port)), .init("protocol", .text("TCP")))
        ])),
      environment.map { .init("env", $0) },
      .init("resources", resources),
      .init("startupProbe", probe("live", period: 1, failures: Self.startupSeconds), comment: startupComment),
      .init("readinessProbe", probe("ready", period: 2, failures: 1)),
      .init("livenessProbe", probe("live", period: 10, failures: 3)),
      .init("securityContext", security),
      .init("volumeMounts", .list([.map(.init("name", .text("tmp")), .init("mountPath", .text("/tmp")))])))
  }

  /// By digest alone: a tag beside it would be ignored, and would lie when it moves.
  private var image: Reference { plan.image.digest.map(plan.image.pinned) ?? plan.image }

  private static let startupSeconds = 120
  private var startupComment: String {
    let allowed = "No load time was measured: \(Container.startupSeconds) s are allowed before the first answer"
    return plan.server == .native ? allowed + ", far more than opz-server needs." : allowed + "."
  }

  private var environment: YAMLValue? {
    guard plan.server == .native else { return nil }
    func variable(_ name: String, _ value: String, _ comment: String? = nil) -> YAMLValue {
      .map(.init("name", .text(name), comment: comment), .init("value", .text(value)))
    }
    return .list([
      variable("OPZ_MODEL_VERSION", plan.version),
      variable(
        "OPZ_DRAIN_SECONDS", String(DeploymentPlan.drainSeconds),
        "After SIGTERM the server is not ready but goes on answering, until every proxy has noticed."),
    ])
  }

  /// The limits equal the requests: what was measured with is what a pod gets, and the kernel takes it last for others.
  private var resources: YAMLValue {
    let amounts = YAMLValue.map(
      .init("cpu", .text(plan.cpu.description)), .init("memory", .text(plan.memory.description)))
    return .map(.init("requests", amounts), .init("limits", amounts))
  }

  private func probe(_ state: String, period: Int, failures: Int) -> YAMLValue {
    let action: YAMLValue.Member =
      switch plan.server {
      case .native: .init("httpGet", .map(.init("path", .text("/v2/health/\(state)")), .init("port", .text("http"))))
      case .custom: .init("tcpSocket", .map(.init("port", .text("http"))))
      }
    return .map(
      action, .init("periodSeconds", .integer(period)), .init("timeoutSeconds", .integer(1)),
      .init("failureThreshold", .integer(failures)))
  }

  private var security: YAMLValue {
    .map(
      .init("allowPrivilegeEscalation", .bool(false)),
      .init("readOnlyRootFilesystem", .bool(true)),
      .init("capabilities", .map(.init("drop", .list([.text("ALL")])))))
  }
}
