import OpzDeploy
import OpzIO
import OpzOCI
import Testing

/// Every number in `deploy`, with extreme values and for every target: valid objects, or an error that names the key.
@Suite("Extreme numbers")
struct ExtremeSettingsTests {
  static let numbers = [
    .min, -1, 0, 1, 80, 99, 100, 101, 1001, 1_000_001, Int(Int32.max), Int(Int32.max) + 1, .max / 100 + 1,
    .max / 11 + 1,
    .max / 2 + 1, .max, 1_000_000_000_000_000_000,
  ]
  static let quantities = [
    "0", "1", "-1", "1n", "0.1n", "1e-99", "1u", "0.0001", "1m", "999m", "1001m", "1Ki", "0.5Gi", "9E",
    "9223372036854775807",
    "9223372036854775806", "7Ei", "8Ei", "10E", "1e18", "1e19", "1e30Gi", "1e308", "1e99",
    "99999999999999999999999999999999", "",
    "Gi", "nan", "inf", "1e", "0x10",
  ]

  enum Signal: String, CaseIterable, Sendable {
    case cpu, memory, concurrency, rps
    case min, max, both
    case upWindow, upPods, upPercent, upPeriod, downWindow, downPods, downPercent, downPeriod
    case gpu, weight, quotaPods, deadline, timeout, retries, shards, parallelism, port, ready, requests
  }

  enum Field: String, CaseIterable, Sendable { case cpu, memory, quotaCPU, quotaMemory, commandCPU, commandMemory }

  private func settings(_ signal: Signal, _ number: Int) -> DeploySettings {
    var settings = DeploySettings()
    settings.monitoring = .init(enabled: true, server: "http://prometheus:9090")
    var scale = DeploySettings.Autoscale()
    switch signal {
    case .cpu: scale.cpu = number
    case .memory: scale.memory = number
    case .concurrency: scale.concurrency = number
    case .rps: scale.rps = number
    case .min: settings.replicas = .init(min: number, max: 10)
    case .max: settings.replicas = .init(min: 1, max: number)
    case .both: settings.replicas = .init(min: number, max: number)
    case .upWindow: scale.up = .init(window: number)
    case .upPods: scale.up = .init(pods: number)
    case .upPercent: scale.up = .init(percent: number)
    case .upPeriod: scale.up = .init(period: number)
    case .downWindow: scale.down = .init(window: number)
    case .downPods: scale.down = .init(pods: number)
    case .downPercent: scale.down = .init(percent: number)
    case .downPeriod: scale.down = .init(period: number)
    case .gpu: settings.resources = .init(gpu: .init(count: number))
    case .weight: settings.rollout = .init(strategy: .canary, weight: number, gateway: "infra/public")
    case .quotaPods: settings.namespace = .init(name: "scoring", quota: .init(pods: number))
    case .deadline: settings.schedules = [.init(name: "a", cron: "0 3 * * *", command: ["a"], deadline: number)]
    case .timeout: settings.schedules = [.init(name: "a", cron: "0 3 * * *", command: ["a"], timeout: number)]
    case .retries: settings.schedules = [.init(name: "a", cron: "*/\(number) 3 * * *", command: ["a"], retries: number)]
    case .shards: settings.batch = .init(command: ["a"])
    case .parallelism: settings.batch = .init(shards: 10_000, command: ["a"])
    case .port, .ready: break
    case .requests: settings.env = ["OPZ_MAX_REQUESTS": String(number)]
    }
    if signal == .shards { settings.batch?.shards = number }
    if signal == .parallelism { settings.batch?.parallelism = number }
    if signal == .requests { scale.concurrency = 16 }
    if scale != .init() { settings.autoscale = scale }
    return settings
  }

  private func plan(
    _ settings: DeploySettings, _ target: DeployTarget, port: Int = 8080, ready: Int? = nil, fixed: Bool = false
  ) throws -> DeploymentPlan {
    var settings = settings
    if fixed, settings.replicas == nil { settings.replicas = .init(min: 2, max: 2) }
    var plan = try DeploymentPlan(
      model: "churn", version: "1.0.0", image: Scenario.image("churn"), server: .native, port: port, user: "65532",
      settings: settings, target: target, namespace: nil)
    plan.readyMilliseconds = ready
    plan.imageBytes = .max
    return plan
  }

  /// - Returns: the text of the objects; empty if it was refused with a key.
  private func written(_ plan: () throws -> DeploymentPlan, batch: Bool = false) throws -> [String] {
    do {
      let plan = try plan()
      let purposes: [Manifests.Purpose] = batch ? [.serving(), .batch] : [.serving()]
      return try purposes.flatMap { try Manifests(plan, $0).documents.map(\.text) }
    } catch let error as any ExplainedError {
      #expect(error.subject.hasPrefix("deploy.") || error.subject.hasPrefix("runtime."), "\(error)")
      return []
    }
  }

  /// Values that no Kubernetes object may have in int32 fields with a minimum of 0 or 1, or in Knative's annotations.
  private func check(_ texts: [String], _ sourceLocation: SourceLocation = #_sourceLocation) {
    let fields = [
      "Replicas", "ReplicaCount", "averageUtilization", "scaleTarget", "replicas", "value", "percent", "weight",
      "completions",
      "parallelism", "Seconds", "backoffLimit", "/target", "-scale", "threshold", "averageValue",
    ]
    for line in texts.flatMap({ $0.utf8.split(separator: 10) }) {
      guard let colon = line.lastIndex(of: 58), line.last.map({ (48...57).contains($0) || $0 == 34 }) ?? false,
        fields.contains(where: { line[..<colon].reversed().starts(with: $0.utf8.reversed()) })
      else { continue }
      let text = String(decoding: line[colon...].dropFirst(2).filter { $0 != 34 }, as: UTF8.self)
      // Knative's memory target is a 64-bit number of MiB; the quantity of a value stays as it was written.
      let isTarget = line[..<colon].reversed().starts(with: "/target".utf8.reversed())
      guard let number = Int(text) else { continue }
      let range = 0...(isTarget ? Int.max >> 20 : Int(Int32.max))
      #expect(range.contains(number), "\(Substring(line))", sourceLocation: sourceLocation)
    }
  }

  @Test(
    "an extreme number makes valid objects or is refused with its key", arguments: Signal.allCases,
    DeployTarget.allCases)
  func signals(signal: Signal, target: DeployTarget) throws {
    for number in ExtremeSettingsTests.numbers {
      for fixed in [false, true] {
        let texts = try written(
          {
            try plan(
              settings(signal, number), target, port: signal == .port ? number : 8080,
              ready: signal == .ready ? number : nil, fixed: fixed)
          }, batch: signal == .shards || signal == .parallelism)
        check(texts)
      }
    }
  }

  @Test(
    "an extreme quantity makes valid objects or is refused with its key", arguments: Field.allCases,
    DeployTarget.allCases)
  func quantities(field: Field, target: DeployTarget) throws {
    for text in ExtremeSettingsTests.quantities {
      for scale in [nil, DeploySettings.Autoscale(memory: 80), .init(rps: 1)] {
        var settings = DeploySettings()
        settings.monitoring = .init(enabled: true, server: "http://prometheus:9090")
        settings.autoscale = scale
        switch field {
        case .cpu: settings.resources = .init(cpu: text)
        case .memory: settings.resources = .init(memory: text)
        case .quotaCPU: settings.namespace = .init(name: "scoring", quota: .init(cpu: text))
        case .quotaMemory: settings.namespace = .init(name: "scoring", quota: .init(memory: text))
        case .commandCPU:
          settings.schedules = [.init(name: "a", cron: "0 3 * * *", command: ["a"], resources: .init(cpu: text))]
        case .commandMemory:
          settings.schedules = [.init(name: "a", cron: "0 3 * * *", command: ["a"], resources: .init(memory: text))]
        }
        check(try written { try plan(settings, target) })
      }
    }
  }

  /// Computed by hand: 80% of 256 MiB is 204.8.
  @Test(
    "Knative's memory target is a share of the request, in MiB",
    arguments: [
      ("256Mi", 80, "204"), ("1Gi", 50, "512"), ("1Mi", 1, "1"), ("1n", 90, "1"), ("7Ei", 90, "6926923254988"),
    ])
  func memory(text: String, percent: Int, target: String) throws {
    var settings = DeploySettings()
    settings.resources = .init(memory: text)
    settings.autoscale = .init(memory: percent)
    let texts = try written {
      var plan = try plan(settings, .knative)
      // For opz-server, this little memory would be refused.
      plan.server = .custom
      return plan
    }
    #expect(texts.contains { $0.contains("autoscaling.knative.dev/target: \"\(target)\"\n") })
  }
}
