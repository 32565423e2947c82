import OpzDeploy
import OpzIO
import OpzKubernetes
import OpzOCI
import OpzTestKit
import SystemPackage

/// A named plan that fixtures and oracles use.
enum Scenario: String, CaseIterable, Sendable {
  /// A tabular model on CPUs: opz-server, 2 to 10 replicas.
  case native
  /// A custom server, one replica, in a namespace.
  case custom
  /// From one replica to many: an autoscaler without a disruption budget.
  case single
  /// Always three replicas: a disruption budget without an autoscaler.
  case fixed
  /// A name, a version and quantities that are awkward in YAML and in object names.
  case awkward
  /// A large custom image on nodes with an accelerator.
  case gpu
  /// KEDA, scaling to zero.
  case zero
  /// KEDA on CPU and memory, never scaling to zero.
  case kedaResources = "keda-resources"
  /// Requests in flight through prometheus-adapter, alerts, recommendations.
  case monitored
  /// Two versions behind a Gateway.
  case canary
  case blueGreen = "blue-green"
  /// A Job over eight shards, and a CronJob with a command.
  case batch
  case scheduled
  /// A server, and two scheduled commands.
  case commands
  case commandsCanary = "commands-canary"
  /// A private registry, a namespace with a quota, patches.
  case airGapped = "air-gapped"
  /// Knative scaling to zero, and two Knative revisions.
  case knative
  case knativeCanary = "knative-canary"
  /// Knative's other autoscaler, on nodes with an accelerator.
  case knativeCPU = "knative-cpu"
  /// KServe: a container, an image volume, a modelcar, a fetched copy.
  case kserve
  case kserveVolume = "kserve-volume"
  case modelcar
  case kserveFetch = "kserve-fetch"
  /// KServe on Knative: a container scaled by requests per second, a mounted model scaled by requests in flight.
  case kserveRequests = "kserve-requests"
  case kserveFlight = "kserve-flight"

  static let digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

  var plan: DeploymentPlan {
    get throws {
      switch self {
      case .native: try Scenario.churn()
      case .custom:
        try Scenario.other()
      case .single: try Scenario.churn { $0.minReplicas = 1 }
      case .fixed: try Scenario.churn { ($0.minReplicas, $0.maxReplicas) = (3, 3) }
      case .awkward:
        DeploymentPlan(
          model: "2024/" + String(repeating: "no_", count: 20) + "x", version: "1.0.0-rc.1+build.5",
          image: try Scenario.image("no/yes"),
          server: .native, port: 65535, user: "10:20", minReplicas: 2, maxReplicas: 1000,
          cpu: try Quantity("1e0", key: "cpu"),
          memory: try Quantity("0.5Gi", key: "memory"), cpuTarget: 90, namespace: "12")
      default: try Scenario.settled(self)
      }
    }
  }

  /// The manifests of the plan.
  var purpose: Manifests.Purpose {
    get throws {
      switch self {
      case .canary, .blueGreen, .knativeCanary, .commandsCanary:
        .serving(
          alongside: try Scenario.churn { plan in
            if self == .commandsCanary { plan.settings.schedules = [Scenario.refresh] }
            plan.version = "0.9.0"
            plan.image = try Reference(
              parsing: "registry.example:5000/team/churn@sha256:\(String(repeating: "1", count: 64))")
            plan.maxReplicas = 6
            plan.cpuTarget = self == .knativeCanary ? nil : 60
          })
      case .batch, .scheduled: .batch
      default: .serving()
      }
    }
  }

  var manifests: Manifests { get throws { try Manifests(plan, purpose) } }

  /// The scenarios of opz.yaml's other keys.
  private static func settled(_ scenario: Scenario) throws -> DeploymentPlan {
    switch scenario {
    case .gpu:
      try churn { plan in
        plan.server = .custom
        plan.settings.resources = .init(gpu: .init(count: 1, product: "NVIDIA-A10G"))
        plan.settings.priorityClass = "serving"
        plan.settings.spread = .hard
        plan.settings.envFrom = ["model-token"]
        plan.readyMilliseconds = 41_000
        plan.imageBytes = 9_800_000_000
        (plan.minReplicas, plan.maxReplicas) = (1, 4)
      }
    case .zero:
      try churn { plan in
        plan.target = .keda
        (plan.minReplicas, plan.maxReplicas, plan.cpuTarget) = (0, 20, nil)
        plan.settings.autoscale = .init(
          concurrency: 8, rps: 50, activate: "sum(rate(gateway_requests_total{route=\"churn\"}[1m]))",
          down: .init(window: 600, pods: 2, period: 30))
        plan.settings.monitoring = .init(server: "http://prometheus.monitoring:9090")
        plan.readyMilliseconds = 31
      }
    case .monitored:
      try churn { plan in
        plan.cpuTarget = 70
        plan.settings.autoscale = .init(
          cpu: 70, memory: 80, concurrency: 16, rps: 200, up: .init(percent: 50, period: 30))
        plan.settings.monitoring = .init(enabled: true, labels: ["release": "prometheus"])
        plan.settings.vpa = true
        plan.settings.env = ["OPZ_MAX_REQUESTS": "128", "OPZ_MAX_ROWS": "1000"]
        plan.settings.ingress = .init(namespaces: ["crm", "gateway"], pods: ["app": "front"])
        plan.namespace = "scoring"
      }
    case .canary, .blueGreen:
      try churn { plan in
        plan.settings.rollout = .init(
          strategy: scenario == .canary ? .canary : .blueGreen, weight: scenario == .canary ? 20 : nil,
          gateway: "infra/public", hosts: ["churn.example"])
        plan.namespace = "scoring"
      }
    case .batch:
      try churn { plan in
        plan.settings.batch = .init(
          input: .init(claim: "tables", path: "2026/11"), output: .init(claim: "scores"), shards: 8, parallelism: 4)
      }
    case .scheduled:
      try churn { plan in
        plan.settings.batch = .init(schedule: "*/30 6-18 * * mon-fri", timeZone: "Europe/Berlin", command: ["/refresh"])
        plan.server = .custom
      }
    case .commands:
      try churn { plan in
        plan.server = .custom
        plan.settings.env = ["TABLE": "customers"]
        plan.settings.envFrom = ["model-token"]
        plan.settings.imagePullSecrets = ["inner-registry"]
        plan.settings.priorityClass = "serving"
        plan.settings.resources = .init(gpu: .init(count: 1))
        plan.settings.schedules = [
          refresh,
          .init(
            name: "drift-report", cron: "*/30 6-18 * * mon-fri", command: ["python", "-m", "drift", "--window", "7"],
            timeZone: "Europe/Berlin", concurrency: .replace, deadline: 300, timeout: 1200, retries: 0,
            resources: .init(cpu: "2", memory: "4Gi")),
        ]
      }
    case .commandsCanary:
      try churn { plan in
        plan.settings.rollout = .init(strategy: .canary, weight: 20, gateway: "infra/public")
        plan.settings.schedules = [refresh]
      }
    case .airGapped: try isolated()
    case .knative, .knativeCanary:
      try churn { plan in
        plan.target = .knative
        (plan.minReplicas, plan.cpuTarget) = (0, nil)
        if scenario == .knative { plan.settings.autoscale = .init(down: .init(window: 900, pods: 1)) }
        if scenario == .knativeCanary { plan.settings.rollout = .init(strategy: .canary, weight: 5) }
      }
    case .kedaResources:
      try churn { plan in
        plan.target = .keda
        plan.settings.autoscale = .init(cpu: 70, memory: 80, up: .init(window: 60, pods: 2, period: 60))
      }
    case .knativeCPU:
      try churn { plan in
        plan.target = .knative
        plan.settings.autoscale = .init(cpu: 70, down: .init(window: 900))
        plan.settings.resources = .init(gpu: .init(count: 2, product: "NVIDIA-A10G"))
        plan.settings.envFrom = ["model-token"]
      }
    case .kserve: try churn { $0.target = .kserve }
    case .kserveRequests:
      try churn { plan in
        (plan.target, plan.minReplicas, plan.cpuTarget) = (.kserve, 0, nil)
        plan.settings.autoscale = .init(rps: 50)
        plan.settings.priorityClass = "serving"
        plan.settings.resources = .init(gpu: .init(count: 1))
        plan.settings.env = ["OPZ_MAX_ROWS": "1000"]
        plan.settings.imagePullSecrets = ["inner-registry"]
      }
    case .kserveFlight:
      try churn { plan in
        (plan.target, plan.cpuTarget) = (.kserve, nil)
        (plan.server, plan.modelFormat) = (.weights, "xgboost")
        plan.settings.autoscale = .init(concurrency: 8)
      }
    default:
      try churn { plan in
        plan.target = .kserve
        plan.server = .weights
        plan.modelFormat = "xgboost"
        if scenario == .kserveFetch { plan.settings.storage = .fetch }
        if scenario == .modelcar { (plan.settings.storage, plan.hasBase) = (.modelcar, true) }
      }
    }
  }

  /// A server that is not opz's, on a base.
  private static func other() throws -> DeploymentPlan {
    var plan = DeploymentPlan(
      model: "crm/churn_v2", version: "2.1.0", image: try Scenario.image("crm/churn_v2"), server: .custom, port: 9000,
      user: "1001", minReplicas: 1, maxReplicas: 1, cpu: try Quantity("2", key: "cpu"),
      memory: try Quantity("1Gi", key: "memory"), namespace: "scoring")
    plan.hasBase = true
    return plan
  }

  private static let refresh = DeploySettings.Schedule(
    name: "refresh", cron: "0 3 * * *", command: ["python", "refresh.py"])

  private static func isolated() throws -> DeploymentPlan {
    try churn { plan in
      plan.image = try Reference(parsing: "10.20.0.5:5000/ml/churn@\(digest)")
      plan.namespace = "scoring"
      plan.settings.namespace = .init(name: "scoring", quota: .init(cpu: "8", memory: "8Gi", pods: 30))
      plan.settings.imagePullSecrets = ["inner-registry"]
      plan.settings.ingress = .init(namespaces: ["gateway"])
      plan.settings.patches = [
        .init(
          kind: "Deployment",
          merge: .object([
            "spec": .object([
              "template": .object([
                "spec": .object([
                  "nodeSelector": .object(["zone": .string("inner")]),
                  "containers": .array([
                    .object([
                      "name": .string("model"),
                      "env": .array([
                        .object(["name": .string("OPZ_IDLE_SECONDS"), "value": .string("30")])
                      ]),
                    ])
                  ]),
                ])
              ])
            ])
          ])),
        .init(
          kind: "Service",
          json: [
            .object([
              "op": .string("add"), "path": .string("/metadata/annotations"),
              "value": .object(["example.org/team": .string("crm")]),
            ])
          ]),
      ]
    }
  }

  /// The plan of most tests, with a change.
  static func churn(_ change: (inout DeploymentPlan) throws -> Void = { _ in }) throws -> DeploymentPlan {
    var plan = DeploymentPlan(
      model: "churn", version: "1.0.0", image: try image("team/churn"), server: .native,
      cpu: try Quantity("500m", key: "cpu"), memory: try Quantity("256Mi", key: "memory"))
    try change(&plan)
    return plan
  }

  /// The error that the work throws; nil if it throws none, or one that is not an `ExplainedError`.
  static func refusal(_ work: () throws -> Void) -> (any ExplainedError)? {
    do { try work() } catch { return error as? any ExplainedError }
    return nil
  }

  static func image(_ repository: String) throws -> Reference {
    try Reference(parsing: "registry.example:5000/\(repository)@\(digest)")
  }

  /// A script or a directory of the fixtures.
  static func fixture(_ name: String) -> FilePath {
    PackageRoot.path(#filePath).appending("Tests/OpzDeployTests/Fixtures").pushing(FilePath(name))
  }

  /// Runs a script of the fixtures.
  static func python(_ script: String, _ arguments: [String], input: String = "") async throws -> ChildProcess.Output {
    try await blocking { try Python.run([fixture(script).string] + arguments, input: Array(input.utf8)) }
  }
}
