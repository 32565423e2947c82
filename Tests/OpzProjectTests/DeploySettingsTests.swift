import OpzDeploy
import OpzJSON
import OpzOCI
import OpzYAML
import Testing

@testable import OpzProject

@Suite("The deploy section of opz.yaml")
struct DeploySettingsTests {
  private func read(_ deploy: String) throws -> DeploySettings {
    try #require(try ConfigReader.read(ConfigReaderTests.minimal + deploy).deploy)
  }

  @Test func everyKeyIsRead() throws {
    let settings = try read(DeploySettingsTests.all)
    #expect(settings.replicas == .init(min: 0, max: 20))
    #expect(
      settings.resources
        == .init(
          cpu: "500m", memory: "0.1Gi",
          gpu: .init(count: 2, resource: "amd.com/gpu", product: "MI300X", toleration: "gpu")))
    #expect(
      settings.autoscale
        == .init(
          cpu: 70, memory: 80, concurrency: 8, rps: 50, activate: "sum(rate(x[1m]))",
          up: .init(window: 0, pods: 4, percent: 100, period: 15), down: .init(window: 600, pods: 1)))
    #expect(settings.env == ["OPZ_MAX_ROWS": "1000"])
    #expect(settings.envFrom == ["token", "a.b"])
    #expect(settings.imagePullSecrets == ["registry"])
    #expect(settings.priorityClass == "serving" && settings.spread == .hard && settings.vpa == true)
    #expect(settings.namespace == .init(name: "scoring", quota: .init(cpu: "20", memory: "1e10", pods: 50)))
    #expect(settings.ingress == .init(namespaces: ["crm"], pods: ["app.kubernetes.io/name": "front"]))
    #expect(
      settings.monitoring
        == .init(
          enabled: true, server: "http://prometheus.monitoring:9090", namespace: "monitoring", labels: ["release": "p"])
    )
    #expect(settings.storage == .native)
    #expect(
      settings.rollout
        == .init(strategy: .canary, weight: 10, gateway: "infra/public", hosts: ["*.example.org", "a.b"]))
    #expect(
      settings.batch
        == .init(
          input: .init(claim: "tables", path: "2026"), output: .init(claim: "scores"), shards: 8, parallelism: 4,
          schedule: "0 3 * * *", timeZone: "Europe/Berlin", command: ["score", "1"]))
    #expect(
      settings.schedules == [
        .init(name: "refresh", cron: "0 3 * * *", command: ["python", "refresh.py"]),
        .init(
          name: "drift", cron: "*/30 6-18 * * mon-fri", command: ["drift", "7"], timeZone: "Europe/Berlin",
          concurrency: .replace, deadline: 300, timeout: 1200, retries: 0,
          resources: .init(cpu: "2", memory: "4Gi", gpu: .init(count: 1))),
      ])
    let merge = JSONValue.object([
      "spec": .object(["x": .number(0.5), "y": .null, "z": .bool(true), "n": .array([.integer(1)])])
    ])
    #expect(settings.patches?.first == .init(kind: "Deployment", merge: merge))
    #expect(
      settings.patches?.last
        == .init(
          kind: "Service", name: "churn",
          json: [.object(["op": .string("add"), "path": .string("/a"), "value": .string("b")])]))
  }

  /// The record keeps the settings as JSON; they must come back unchanged.
  @Test func theRecordKeepsAll() throws {
    let settings = try read(DeploySettingsTests.all)
    let bytes = try CanonicalJSON.encode(JSONValue(encoding: settings))
    #expect(try CanonicalJSON.decode(DeploySettings.self, from: bytes, subject: "record") == settings)
  }

  @Test("a platform has one normalized name, and duplicates are refused")
  func platforms() throws {
    let config = try ConfigReader.read(
      ConfigReaderTests.minimal + "platforms: [linux/x86_64, linux/arm64/v8, linux/arm]\n")
    #expect(config.platforms.map(\.description) == ["linux/amd64", "linux/arm64", "linux/arm/v7"])
    let error = #expect(throws: ConfigError.self) {
      try ConfigReader.read(ConfigReaderTests.minimal + "platforms: [linux/arm64, linux/aarch64]\n")
    }
    #expect(error.map { "\($0)".contains("duplicate linux/aarch64") } ?? false)
  }

  /// Every number of a complete `deploy` section, one at a time.
  @Test(
    "an extreme number is read or is reported as an error in opz.yaml",
    arguments: [
      "0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e308", "1e999", "9E", "0x10",
      "1_000",
    ])
  func extremes(_ value: String) {
    let numbers = DeploySettingsTests.all.ranges(of: /\b[0-9]+(?:\.[0-9]+)?(?:m|Mi|Gi)?\b/)
    #expect(numbers.count > 30)
    for range in numbers {
      var text = DeploySettingsTests.all
      text.replaceSubrange(range, with: value)
      do { _ = try read(text) } catch { #expect(error is ConfigError, "\(error)") }
    }
  }

  @Test(
    "a number that JSON does not have is refused in a patch",
    arguments: ["merge: {spec: {a: [1e999]}}", "json: [{op: add, path: /a, value: 1e999}]"])
  func infinitePatch(_ patch: String) throws {
    let error = #expect(throws: ConfigError.self) { try read("deploy:\n  patches: [{kind: Service, \(patch)}]\n") }
    #expect(
      error.map { "\($0)".contains("deploy.patches.0.\(patch.prefix(4))") } ?? false, "\(String(describing: error))")
  }

  static let all = """
    deploy:
      replicas: {min: 0, max: 20}
      resources: {cpu: 500m, memory: 0.1Gi, gpu: {count: 2, resource: amd.com/gpu, product: MI300X, toleration: gpu}}
      autoscale:
        cpu: 70
        memory: 80
        concurrency: 8
        rps: 50
        activate: sum(rate(x[1m]))
        up: {window: 0, pods: 4, percent: 100, period: 15}
        down: {window: 600, pods: 1}
      env: {OPZ_MAX_ROWS: "1000"}
      envFrom: [token, a.b]
      imagePullSecrets: [registry]
      priorityClass: serving
      spread: hard
      vpa: true
      namespace: {name: scoring, quota: {cpu: 20, memory: 1e10, pods: 50}}
      ingress: {namespaces: [crm], pods: {app.kubernetes.io/name: front}}
      monitoring: {enabled: true, server: "http://prometheus.monitoring:9090", namespace: monitoring, labels: {release: p}}
      storage: native
      rollout: {strategy: canary, weight: 10, gateway: infra/public, hosts: ["*.example.org", a.b]}
      batch:
        input: {claim: tables, path: "2026"}
        output: {claim: scores}
        shards: 8
        parallelism: 4
        schedule: 0 3 * * *
        timeZone: Europe/Berlin
        command: [score, 1]
      schedules:
        - {name: refresh, cron: 0 3 * * *, command: [python, refresh.py]}
        - name: drift
          cron: "*/30 6-18 * * mon-fri"
          command: [drift, 7]
          timeZone: Europe/Berlin
          concurrency: replace
          deadline: 300
          timeout: 1200
          retries: 0
          resources: {cpu: 2, memory: 4Gi, gpu: {count: 1}}
      patches:
        - {kind: Deployment, merge: {spec: {x: 0.5, "y": null, z: true, "n": [1]}}}
        - {kind: Service, name: churn, json: [{op: add, path: /a, value: b}]}

    """
}
