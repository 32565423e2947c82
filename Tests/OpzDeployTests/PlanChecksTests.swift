import OpzDeploy
import OpzIO
import OpzKubernetes
import Testing

@Suite("Checks of a plan")
struct PlanChecksTests {
  typealias Change = @Sendable (inout DeploymentPlan) throws -> Void

  struct Refusal: Sendable, CustomTestStringConvertible {
    let message: String
    let change: Change
    init(_ message: String, _ change: @escaping Change) { (self.message, self.change) = (message, change) }
    var testDescription: String { message }
  }

  static let refusals: [Refusal] = [
    .init("deploy.replicas.min: without pods there are no metrics, so nothing would start the first one") {
      ($0.target, $0.minReplicas) = (.keda, 0)
      $0.settings.autoscale = .init(concurrency: 8)
      $0.settings.monitoring = .init(server: "http://p:9090")
    },
    .init("deploy.replicas.min: without pods there is no CPU or memory use, so it would never scale up again") {
      ($0.target, $0.minReplicas) = (.knative, 0)
    },
    .init("deploy.replicas.min: without pods there is no CPU or memory use, so it would never scale up again") {
      ($0.target, $0.minReplicas) = (.kserve, 0)
    },
    .init(
      "deploy.resources.memory: 191Mi is less than the 192Mi that opz-server may need: 160Mi for requests (OPZ_MAX_BODY_BYTES is 16777216), 0Mi for the model, 32Mi for itself"
    ) { $0.memory = try Quantity("191Mi", key: "memory") },
    .init(
      "deploy.resources.memory: 256Mi is less than the 257Mi that opz-server may need: 160Mi for requests (OPZ_MAX_BODY_BYTES is 16777216), 65Mi for the model, 32Mi for itself"
    ) { ($0.memory, $0.modelBytes) = (try Quantity("256Mi", key: "memory"), (64 << 20) + 1) },
    .init(
      "deploy.resources.memory: 1Gi is less than the 1088Mi that opz-server may need: 1024Mi for requests (OPZ_MAX_BODY_BYTES is 130023424), 32Mi for the model, 32Mi for itself"
    ) {
      ($0.memory, $0.modelBytes) = (try Quantity("1Gi", key: "memory"), 32 << 20)
      $0.settings.env = ["OPZ_MAX_BODY_BYTES": "130023424"]
    },
    .init("deploy.replicas.min: -1 is less than 0") { ($0.target, $0.minReplicas) = (.knative, -1) },
    .init(
      "deploy.autoscale.memory: 95% never scales up: use is at most 100% of the request, and 100 / 95 is not above the tolerance of 1.1"
    ) { $0.settings.autoscale = .init(memory: 95) },
    .init(
      "deploy.autoscale.concurrency: 240 never scales up: opz-server has at most 256 requests in flight, and 256 / 240 is not above the tolerance of 1.1"
    ) { $0.settings.autoscale = .init(concurrency: 240) },
    .init(
      "deploy.autoscale.concurrency: 30 never scales up: opz-server has at most 32 requests in flight, and 32 / 30 is not above the tolerance of 1.1"
    ) {
      $0.settings.autoscale = .init(concurrency: 30)
      $0.settings.env = ["OPZ_MAX_REQUESTS": "32"]
    },
    .init(
      "deploy.autoscale.concurrency: 30 never scales up: opz-server has at most 32 requests in flight, and 32 / 30 is not above the tolerance of 1.1"
    ) {
      $0.settings.autoscale = .init(concurrency: 30)
      $0.imageEnvironment = ["OPZ_MAX_REQUESTS": "32"]
    },
    .init(
      "deploy.resources.memory: 1Gi is less than the 1056Mi that opz-server may need: 1024Mi for requests (OPZ_MAX_BODY_BYTES is 130023424), 0Mi for the model, 32Mi for itself"
    ) {
      $0.memory = try Quantity("1Gi", key: "memory")
      $0.imageEnvironment = ["OPZ_MAX_BODY_BYTES": "130023424"]
    },
    .init(
      "deploy.resources.memory: 2Gi is too little for 2 workers of 1024Mi: opz-server gives them 90% of it and would not start"
    ) {
      ($0.server, $0.memory) = (.workers, try Quantity("2Gi", key: "memory"))
      $0.workers = .init(count: 2, memoryBytes: 1 << 30)
    },
    .init(
      "deploy.resources.memory: 700Mi is less than the 760Mi that opz-server may need: 160Mi for requests (OPZ_MAX_BODY_BYTES is 16777216), 600Mi for server and workers as opz test measured them"
    ) {
      ($0.server, $0.memory, $0.measuredBytes) = (.workers, try Quantity("700Mi", key: "memory"), 600 << 20)
    },
    .init("deploy.autoscale.rps: 0 is not from 1 to 1000000") { $0.settings.autoscale = .init(rps: 0) },
    .init("deploy.autoscale.rps: only opz-server counts its requests, and this image has a server of its own") {
      $0.server = .custom
      $0.settings.autoscale = .init(rps: 10)
    },
    .init("deploy.autoscale.activate: only KEDA evaluates a query") {
      $0.settings.autoscale = .init(rps: 1, activate: "q")
    },
    .init("deploy.autoscale.activate: the rate is divided by the requests per second of one pod") {
      $0.target = .keda
      $0.settings.autoscale = .init(activate: "q")
    },
    .init("deploy.monitoring.server: KEDA needs the address of Prometheus") {
      $0.target = .keda
      $0.settings.autoscale = .init(concurrency: 8)
    },
    .init("deploy.autoscale.rps: knative follows only one signal, and concurrency is set") {
      ($0.target, $0.cpuTarget) = (.knative, nil)
      $0.settings.autoscale = .init(concurrency: 8, rps: 10)
    },
    .init("deploy.autoscale.down.window: 3601 is not from 0 to 3600") {
      $0.settings.autoscale = .init(down: .init(window: 3601))
    },
    .init("deploy.autoscale.up.period: 1801 is not from 1 to 1800") {
      $0.settings.autoscale = .init(up: .init(period: 1801))
    },
    .init("deploy.namespace.quota.cpu: 4 stops the autoscaler at 8 pods of 500m: replicas.max is 10") {
      $0.namespace = "a"
      $0.settings.namespace = .init(quota: .init(cpu: "4"))
    },
    .init("deploy.namespace.quota.pods: 9 pods are less than replicas.max, 10") {
      $0.namespace = "a"
      $0.settings.namespace = .init(quota: .init(pods: 9))
    },
    .init("deploy.namespace.quota.memory: \"2GB\" is not a Kubernetes quantity") {
      $0.namespace = "a"
      $0.settings.namespace = .init(quota: .init(memory: "2GB"))
    },
    .init("deploy.namespace.quota: a quota needs a namespace, and none is set") {
      $0.settings.namespace = .init(quota: .init(cpu: "40"))
    },
    .init("deploy.namespace.name: \"A\" is not a valid Kubernetes name") {
      $0.namespace = "A"
      $0.settings.namespace = .init(name: "A")
    },
    .init("deploy.imagePullSecrets: \"My_Secret\" is not a valid Kubernetes name") {
      $0.settings.imagePullSecrets = ["ok", "My_Secret"]
    },
    .init("deploy.envFrom: \"\" is not a valid Kubernetes name") { $0.settings.envFrom = [""] },
    .init("deploy.priorityClass: \"a..b\" is not a valid Kubernetes name") { $0.settings.priorityClass = "a..b" },
    .init("deploy.ingress.pods: \"app\": \"-a\" is not a valid Kubernetes label") {
      $0.settings.ingress = .init(pods: ["app": "-a"])
    },
    .init("deploy.resources.gpu.resource: \"gpu\" is not a resource of a device plugin") {
      $0.settings.resources = .init(gpu: .init(count: 1, resource: "gpu"))
    },
    .init("deploy.rollout.gateway: weights need a Gateway, and none is set") {
      $0.settings.rollout = .init(strategy: .canary)
    },
    .init("deploy.rollout.weight: 50% is not one of blue-green's two weights") {
      $0.settings.rollout = .init(strategy: .blueGreen, weight: 50, gateway: "a")
    },
    .init("deploy.rollout: KServe ignores a canary's weight in its Standard mode (kserve #4074)") {
      $0.target = .kserve
      $0.settings.rollout = .init(strategy: .canary)
    },
    .init("churn@1.0.0: a model without a runtime has no server") { $0.server = .weights },
    .init("deploy.storage: a modelcar container runs a shell, which this image does not have") {
      ($0.target, $0.server, $0.modelFormat) = (.kserve, .weights, "xgboost")
      $0.settings.storage = .modelcar
    },
    .init("churn@1.0.0: KServe finds a server by the model's format, which is not known") {
      ($0.target, $0.server) = (.kserve, .weights)
    },
    .init("churn@1.0.0: KServe has no server for a model of the format scikit-learn (skops)") {
      ($0.target, $0.server, $0.unservedFormat) = (.kserve, .weights, "scikit-learn (skops)")
    },
    .init("deploy.storage: the image has a server of its own, so KServe mounts nothing") {
      $0.target = .kserve
      $0.settings.storage = .native
    },
  ]

  @Test("settings that would not run or never scale are refused with their key", arguments: refusals)
  func refusal(refusal: Refusal) throws {
    let plan = try Scenario.churn(refusal.change)
    let error = Scenario.refusal { _ = try Manifests(plan) }
    #expect(error.map { "\($0.subject): \($0.reason)" } == refusal.message)
  }

  static let batches: [(String, DeploySettings.Batch)] = [
    ("deploy.batch.input: missing", .init(output: .init(claim: "a"))),
    ("deploy.batch.output: missing", .init(input: .init(claim: "a"))),
    (
      "deploy.batch.shards: 0 is not from 1 to 10000",
      .init(input: .init(claim: "a"), output: .init(claim: "b"), shards: 0)
    ),
    (
      "deploy.batch.input.path: \"../x\" is not a path below the volume",
      .init(input: .init(claim: "a", path: "../x"), output: .init(claim: "b"))
    ),
    ("deploy.batch.schedule: \"0 3 * *\" is not a cron schedule", .init(schedule: "0 3 * *", command: ["a"])),
    (
      "deploy.batch.timeZone: \"Local\" is not the name of a time zone",
      .init(schedule: "@daily", timeZone: "Local", command: ["a"])
    ),
    ("deploy.batch.timeZone: there is no schedule", .init(timeZone: "UTC", command: ["a"])),
    ("deploy.batch.command: no program is named", .init(command: [""])),
  ]

  @Test("a batch job that would not run is refused with its key", arguments: batches)
  func batch(message: String, batch: DeploySettings.Batch) throws {
    let plan = try Scenario.churn { $0.settings.batch = batch }
    let error = Scenario.refusal { _ = try Manifests(plan, .batch) }
    #expect(error.map { "\($0.subject): \($0.reason)" } == message)
  }

  static let schedules: [(String, DeploySettings.Schedule)] = [
    (
      "deploy.schedules.1.cron: \"60 * * * *\" is not a cron schedule",
      .init(name: "a", cron: "60 * * * *", command: ["a"])
    ),
    (
      "deploy.schedules.1.cron: \"0 0 31 2 *\" never occurs: the month has no such day",
      .init(name: "a", cron: "0 0 31 2 *", command: ["a"])
    ),
    (
      "deploy.schedules.1.cron: \"@every 5m\" is not a cron schedule",
      .init(name: "a", cron: "@every 5m", command: ["a"])
    ),
    (
      "deploy.schedules.1.cron: \"TZ=UTC 0 3 * * *\" is not a cron schedule",
      .init(name: "a", cron: "TZ=UTC 0 3 * * *", command: ["a"])
    ),
    (
      "deploy.schedules.1.name: \"Refresh\" is not a valid Kubernetes name",
      .init(name: "Refresh", cron: "@daily", command: ["a"])
    ),
    (
      "deploy.schedules.1.name: \"\(String(repeating: "a", count: 41))\" has 41 characters, and a CronJob's name has room for 40",
      .init(name: String(repeating: "a", count: 41), cron: "@daily", command: ["a"])
    ),
    (
      "deploy.schedules.1.name: score is reserved for deploy.batch's CronJob",
      .init(name: "score", cron: "@daily", command: ["a"])
    ),
    ("deploy.schedules.1.name: duplicate first", .init(name: "first", cron: "@daily", command: ["a"])),
    ("deploy.schedules.1.command: no program is named", .init(name: "a", cron: "@daily", command: [])),
    ("deploy.schedules.1.command: no program is named", .init(name: "a", cron: "@daily", command: [""])),
    (
      "deploy.schedules.1.timeZone: \"local\" is not the name of a time zone",
      .init(name: "a", cron: "@daily", command: ["a"], timeZone: "local")
    ),
    (
      "deploy.schedules.1.deadline: 9 is not from 10 to 604800",
      .init(name: "a", cron: "@daily", command: ["a"], deadline: 9)
    ),
    (
      "deploy.schedules.1.timeout: 0 is not from 1 to 604800",
      .init(name: "a", cron: "@daily", command: ["a"], timeout: 0)
    ),
    (
      "deploy.schedules.1.retries: 101 is not from 0 to 100",
      .init(name: "a", cron: "@daily", command: ["a"], retries: 101)
    ),
    (
      "deploy.schedules.1.resources.memory: \"4GB\" is not a Kubernetes quantity",
      .init(name: "a", cron: "@daily", command: ["a"], resources: .init(memory: "4GB"))
    ),
    (
      "deploy.schedules.1.resources.gpu.count: 0 is not from 1 to 1024",
      .init(name: "a", cron: "@daily", command: ["a"], resources: .init(gpu: .init(count: 0)))
    ),
  ]

  @Test("a scheduled command that would not run is refused with its key", arguments: schedules)
  func schedule(message: String, schedule: DeploySettings.Schedule) throws {
    let plan = try Scenario.churn { plan in
      plan.server = .custom
      plan.settings.schedules = [.init(name: "first", cron: "@daily", command: ["a"]), schedule]
    }
    let error = Scenario.refusal { _ = try Manifests(plan) }
    #expect(error.map { "\($0.subject): \($0.reason)" } == message)
  }

  @Test("the limits of a scheduled command are accepted, whatever the model's name", arguments: [1, 12, 40, 63, 128])
  func scheduleEdges(length: Int) async throws {
    let name = String(repeating: "a", count: 40)
    let plan = try Scenario.churn { plan in
      plan.model = String(repeating: "m", count: length)
      plan.settings.schedules = [
        .init(name: name, cron: "0 0 29 2 *", command: ["a"], deadline: 10, timeout: 604_800, retries: 100),
        .init(name: "b", cron: "@hourly", command: ["a"], deadline: 604_800, timeout: 1, retries: 0),
      ]
    }
    let manifests = try Manifests(plan)
    let jobs = manifests.documents.filter { $0.text.contains("\nkind: CronJob\n") }
    let names = jobs.compactMap { $0.value["metadata"]?["name"]?.text }
    #expect(Set(names).count == 2)
    for name in names { #expect(name.utf8.count <= 52 && name.hasPrefix("m"), "\(name)") }
    let result = try await Scenario.python("validate.py", ["1.27", "1.37"], input: manifests.stream)
    #expect(result.status == 0, "\(result.errorText)")
  }

  @Test("the server's Service and autoscaler never select a scheduled pod")
  func scheduledPods() throws {
    let documents = try Scenario.commands.manifests.documents
    let selector = try #require(documents.first { $0.name == "service.yaml" }?.value["spec"]?["selector"])
    let pods = documents.compactMap { $0.value["spec"]?["jobTemplate"]?["spec"]?["template"]?["metadata"]?["labels"] }
    #expect(pods.count == 2)
    for labels in pods { #expect(selector["app.kubernetes.io/component"] != labels["app.kubernetes.io/component"]) }
  }

  @Test(
    "the startup probe allows ten times the measured start time",
    arguments: [(nil, 120), (0, 10), (31, 10), (41_000, 420), (Int.max, 36_010)])
  func startup(measured: Int?, seconds: Int) throws {
    let plan = try Scenario.churn { $0.readyMilliseconds = measured }
    let text = try #require(Manifests(plan).documents.first { $0.name == "deployment.yaml" }).text
    #expect(text.contains("periodSeconds: 1\n          timeoutSeconds: 1\n          failureThreshold: \(seconds)\n"))
    #expect(text.contains("No load time was measured") == (measured == nil))
  }

  @Test("memory of pods with workers: what was measured and room for requests, else what a library takes in each")
  func workerMemory() throws {
    func memory(_ change: (inout DeploymentPlan) -> Void) throws -> String {
      var plan = try Scenario.churn { $0.server = .workers }
      change(&plan)
      try plan.sizeForWorkers()
      return plan.memory.description
    }
    #expect(try memory { $0.measuredBytes = 0 } == "512Mi")
    #expect(try memory { ($0.measuredBytes, $0.modelBytes) = (1 << 30, 1 << 40) } == "1728Mi")
    #expect(try memory { $0.modelBytes = 1 << 30 } == "5056Mi")
    #expect(try memory { ($0.modelBytes, $0.workers.count) = (1 << 30, 2) } == "9664Mi")
    #expect(
      try memory { ($0.measuredBytes, $0.imageEnvironment) = (1 << 30, ["OPZ_MAX_BODY_BYTES": "1048576"]) } == "1600Mi")
    #expect(
      try memory { ($0.measuredBytes, $0.settings.env) = (1 << 30, ["OPZ_MAX_BODY_BYTES": "1048576"]) } == "1600Mi")
    #expect(try memory { ($0.measuredBytes, $0.workers.memoryBytes) = (1 << 30, 1 << 31) } == "2304Mi")
    #expect(try memory { ($0.measuredBytes, $0.modelBytes, $0.workers.count) = (.max, .max, 256) }.hasSuffix("i"))
    // Packages that have more in files than a library takes count as they are, in each worker.
    #expect(try memory { $0.environmentBytes = 100 << 20 } == "960Mi")
    #expect(try memory { $0.environmentBytes = 1 << 30 } == "1472Mi")
    #expect(try memory { ($0.environmentBytes, $0.workers.count) = (1 << 30, 2) } == "2496Mi")
    #expect(try memory { ($0.environmentBytes, $0.measuredBytes) = (1 << 40, 1 << 30) } == "1728Mi")
    #expect(try memory { $0.environmentBytes = .max }.hasSuffix("i"))
  }

  @Test("memory of a server that opz does not know: what the image and the model have, and where it is from is said")
  func customMemory() throws {
    func plan(_ change: (inout DeploymentPlan) -> Void) throws -> DeploymentPlan {
      var plan = try Scenario.churn { $0.server = .custom }
      change(&plan)
      try plan.sizeForCustom()
      return plan
    }
    #expect(try plan { ($0.imageBytes, $0.modelBytes) = (1000, 1000) }.memory.description == "256Mi")
    #expect(try plan { ($0.imageBytes, $0.modelBytes) = (300 << 20, 100 << 20) }.memory.description == "832Mi")
    #expect(try plan { $0.imageBytes = 30 << 30 }.memory.description == "2176Mi")
    #expect(try plan { ($0.imageBytes, $0.modelBytes) = (.max, .max) }.memory.description.hasSuffix("i"))
    let sized = try plan { $0.imageBytes = 300 << 20 }
    let remark = try #require(try Manifests(sized).remarks.first { $0.hasPrefix("each pod gets 448Mi of memory: ") })
    #expect(remark.contains("the image's 300Mi") && remark.contains("deploy.resources.memory"))
    #expect(try Manifests(Scenario.churn()).remarks.allSatisfy { !$0.contains("of memory: ") })
  }
}
