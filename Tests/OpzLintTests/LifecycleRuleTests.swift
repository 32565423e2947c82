import OpzLint
import Testing

@Suite("OPZ301 to OPZ309: starts, ends and rollouts")
struct LifecycleRuleTests {
  @Test(
    "startup: delay + failures * period against the load",
    arguments: [(18, Severity.error), (19, .warning), (28, .warning)])
  func startup(_ failures: Int, _ severity: Severity) throws {
    // 1 + 18 * 5 = 91, 1 + 28 * 5 = 141, and 1.5 * 95 = 142.5.
    let text = LintedText.deployment(
      "startupProbe: {initialDelaySeconds: 1, periodSeconds: 5, failureThreshold: \(failures)}")
    #expect(try LintedText.find("OPZ301", text) { $0.loadSeconds = 95 }?.severity == severity)
    #expect(try LintedText.find("OPZ301", text) == nil)
  }

  @Test("a sufficient startup budget has no finding")
  func enough() throws {
    let text = LintedText.deployment("startupProbe: {initialDelaySeconds: 1, periodSeconds: 5, failureThreshold: 29}")
    #expect(try LintedText.find("OPZ301", text) { $0.loadSeconds = 95 } == nil)
  }

  /// 20 s are certain; after 30 s the container is killed.
  @Test(
    "liveness without startup: 0 + 3 * 10 by Kubernetes' defaults",
    arguments: [
      (20.0, "OPZ303", Severity.warning), (20.5, "OPZ302", .warning), (30, "OPZ302", .warning),
      (30.5, "OPZ302", .error),
    ])
  func liveness(_ load: Double, _ code: String, severity: Severity) throws {
    let findings = try LintedText.findings(LintedText.deployment("livenessProbe: {httpGet: {port: 80}}")) {
      $0.loadSeconds = load
    }.filter { $0.code == "OPZ302" || $0.code == "OPZ303" }
    #expect(findings.map(\.code) == [code])
    #expect(findings.map(\.severity) == [severity])
  }

  @Test(
    "grace: preStop + drain must be below",
    arguments: [
      ("lifecycle: {preStop: {sleep: {seconds: 30}}}", true), ("lifecycle: {preStop: {sleep: {seconds: 29}}}", false),
      (
        "lifecycle: {preStop: {exec: {command: [sh, -c, \"sleep 25; true\"]}}}, env: [{name: OPZ_DRAIN_SECONDS, value: \"5\"}]",
        true
      ),
      ("env: [{name: OPZ_DRAIN_SECONDS, value: \"10\"}]", false),
    ])
  func grace(_ container: String, _ isShort: Bool) throws {
    #expect(try (LintedText.find("OPZ305", LintedText.deployment(container)) != nil) == isShort)
  }

  @Test("deadline: 600 by default", arguments: [(60, false), (61, true)])
  func deadline(_ failures: Int, _ isShort: Bool) throws {
    let text = LintedText.deployment("startupProbe: {failureThreshold: \(failures)}")
    #expect(try (LintedText.find("OPZ306", text) != nil) == isShort)
  }

  @Test(
    "a rollout: maxUnavailable is rounded down, maxSurge is rounded up",
    arguments: [
      ("replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 99%}}", Severity?.none),
      ("replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 2}}", .error),
      ("replicas: 1, strategy: {rollingUpdate: {maxUnavailable: 1}}", .warning),
      ("strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 0}}", .error),
      ("replicas: 3, strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1%}}", nil),
    ])
  func rollout(_ spec: String, _ severity: Severity?) throws {
    let lines = spec.replacing(", strategy", with: "\n  strategy")
    #expect(try LintedText.find("OPZ309", LintedText.deployment("", spec: lines))?.severity == severity)
  }
}

@Suite("OPZ401 to OPZ403: disruption budgets")
struct BudgetRuleTests {
  private static func budget(_ spec: String) -> String {
    "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {\(spec), selector: {matchLabels: {app: churn}}}\n"
  }

  @Test(
    "how many of the smallest number of replicas may be evicted",
    arguments: [
      ("minAvailable: 2", 3, false), ("minAvailable: 3", 3, true), ("minAvailable: 67%", 3, true),
      ("minAvailable: 66%", 3, false), ("minAvailable: 100%", 9, true),
      ("maxUnavailable: 0", 3, true), ("maxUnavailable: 0%", 3, true), ("maxUnavailable: 1%", 3, false),
      ("minAvailable: 1", 1, true),
    ])
  func blocked(_ spec: String, _ replicas: Int, isBlocked: Bool) throws {
    let text = LintedText.deployment("", spec: "replicas: \(replicas)") + BudgetRuleTests.budget(spec)
    #expect(try (LintedText.find("OPZ401", text) != nil) == isBlocked)
  }

  @Test("the autoscaler's minimum counts, not the written replicas")
  func autoscaled() throws {
    let text =
      LintedText.deployment("") + BudgetRuleTests.budget("minAvailable: 2") + LintedText.hpa(LintedText.utilization(70))
    #expect(
      try LintedText.find("OPZ401", text)?.message
        == "minAvailable 2 of the 2 replicas of Deployment default/churn: 2 - 2 < 1 may be evicted")
    #expect(try LintedText.find("OPZ401", text.replacing("minReplicas: 2", with: "minReplicas: 3")) == nil)
  }
}

@Suite("OPZ601 to OPZ608: resources")
struct ResourceRuleTests {
  @Test("a quota against all workloads of its namespace", arguments: [("5", true), ("6", false), ("6000m", false)])
  func quota(_ hard: String, _ isSmall: Bool) throws {
    let quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {requests.cpu: \(hard)}}\n"
    let other =
      "---\n"
      + LintedText.deployment("resources: {requests: {cpu: 1}}", spec: "replicas: 1").replacing(
        "name: churn", with: "name: other")
    let text =
      LintedText.deployment("resources: {requests: {cpu: 500m}}") + LintedText.hpa(LintedText.utilization(70)) + other
      + quota
    let found = try LintedText.find("OPZ606", text)
    #expect((found != nil) == isSmall)
    if isSmall { #expect(found?.message == "10 * 500m + 1 * 1 = 6 of requests.cpu, and the quota is 5") }
  }

  @Test(
    "quantities",
    arguments: [
      ("memory: 512MB", true), ("memory: 512m", true), ("memory: \"0\"", false), ("memory: 1.5Gi", false),
      ("cpu: 500", false), ("cpu: 600", true), ("cpu: 1e2", false), ("memory: 1e9", false), ("cpu: lots", true),
      ("memory: 128974848", false),
    ])
  func quantity(_ member: String, _ isBad: Bool) throws {
    #expect(
      try (LintedText.find("OPZ603", LintedText.deployment("resources: {requests: {\(member)}}")) != nil) == isBad)
  }

  @Test(
    "GPUs",
    arguments: [
      ("requests: {nvidia.com/gpu: 1}", true), ("limits: {nvidia.com/gpu: 1}", false),
      ("limits: {nvidia.com/gpu: 500m}", true), ("limits: {nvidia.com/gpu: 2}, requests: {nvidia.com/gpu: 1}", true),
      ("limits: {nvidia.com/mig-1g.5gb: 1}", false),
    ])
  func gpu(_ resources: String, _ isWrong: Bool) throws {
    #expect(try (LintedText.find("OPZ604", LintedText.deployment("resources: {\(resources)}")) != nil) == isWrong)
  }

  @Test(
    "threads: workers times OMP_NUM_THREADS",
    arguments: [
      ("[serve]", 4, false), ("[serve]", 5, true), ("[gunicorn, -w, \"2\"]", 2, false),
      ("[gunicorn, -w, \"2\"]", 3, true),
    ])
  func threads(_ command: String, _ threads: Int, isTooMany: Bool) throws {
    let text = LintedText.deployment(
      "command: \(command), env: [{name: OMP_NUM_THREADS, value: \"\(threads)\"}], resources: {limits: {cpu: 4}}")
    #expect(try (LintedText.find("OPZ608", text) != nil) == isTooMany)
  }
}

@Suite("OPZ501 to OPZ503 and OPZ701 to OPZ811: images, security, wiring")
struct PodRuleTests {
  @Test(
    "tags",
    arguments: [
      ("nginx", "OPZ501"), ("nginx:latest", "OPZ501"), ("localhost:5000/x", "OPZ501"), ("localhost:5000/x:1", "OPZ502"),
      ("nginx:1.25", "OPZ502"), ("nginx@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""),
      ("nginx:latest@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""),
    ])
  func tags(_ image: String, _ code: String) throws {
    let codes = try LintedText.codes(LintedText.deployment("").replacing("r.example/churn:1", with: image))
    #expect(codes.filter { $0.hasPrefix("OPZ50") } == (code.isEmpty ? [] : [code]))
    // opz resolve pins images that name a registry.
    let hint = try LintedText.find(code, LintedText.deployment("").replacing("r.example/churn:1", with: image))?.hint
    #expect(hint.map { $0.hasPrefix("write the registry") } == (code.isEmpty ? nil : !image.hasPrefix("localhost")))
  }

  @Test(
    "secrets by name and by value",
    arguments: [
      ("DB_PASSWORD", "hunter22", true), ("DB_PASSWORD", "$(OTHER)", false), ("TOKEN_FILE", "/run/x", false),
      ("DB_PASSWORD", "changeme", true), ("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz", true),
      ("X", "AK" + "IAQ3EGRZ7TXWLM5VBC", true), ("X", "gl" + "pat-Zk7_pQ2vRt9wLm4XsBcD", true),
      ("DATABASE_URL", "postgresql://ann:Zk7pQ2vRt9w@db/churn", true),
      ("DATABASE_URL", "postgresql://ann:$(PASSWORD)@db/churn", false),
      ("MAX_TOKENS", "512", false), ("TOKEN", "/var/run/token", false), ("USE_SECRET", "true", false),
      ("PAD_TOKEN", "<pad>", false), ("X", "AK" + "IAIOSFODNN7EXAMPLE", false), ("SORT_KEY", "customer_id", false),
    ])
  func secrets(_ name: String, _ value: String, isSecret: Bool) throws {
    let finding = try LintedText.find("OPZ708", LintedText.deployment("env: [{name: \(name), value: \"\(value)\"}]"))
    #expect((finding != nil) == isSecret)
    #expect(finding?.message.contains(value) != true)
  }

  @Test("a pod's security context applies to its containers; a container's own takes precedence")
  func security() throws {
    let pod = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}"
    let own =
      "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}"
    let codes = try LintedText.codes(LintedText.deployment(own, pod: pod))
    #expect(!codes.contains { $0.hasPrefix("OPZ70") })
    #expect(
      try LintedText.codes(LintedText.deployment("securityContext: {runAsNonRoot: false}", pod: pod)).contains("OPZ701")
    )
  }

  @Test(
    "values that are not strings",
    arguments: [
      ("8080", true), ("true", true), ("yes", true), ("1.5", true), ("0x1F", true), ("-1", true), ("\"8080\"", false),
      ("1.2.3", false), ("abc", false), ("10s", false), ("{a: 1}", true), ("!!str 8080", false),
    ])
  func text(_ value: String, _ isOther: Bool) throws {
    #expect(
      try (LintedText.find("OPZ810", LintedText.deployment("env: [{name: X, value: \(value)}]")) != nil) == isOther)
  }

  @Test("overlays may repeat their base's objects")
  func overlays() throws {
    let bytes = Array("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n".utf8)
    let linter = Linter()
    #expect(try linter.run([LintInput("base/a.yaml", bytes), LintInput("prod/a.yaml", bytes)]).findings.isEmpty)
    #expect(
      try linter.run([LintInput("base/a.yaml", bytes), LintInput("base/b.yaml", bytes)]).findings.map(\.code) == [
        "OPZ807"
      ])
  }
}
