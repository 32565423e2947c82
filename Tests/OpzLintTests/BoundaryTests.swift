import OpzKubernetes
import OpzLint
import Testing

/// A rule with a threshold, tested just below, at and just above it. The expected results follow from the controllers'
/// formulas, which are in the comments.
struct Boundary: Sendable, CustomTestStringConvertible {
  let code: String
  /// `$` is the value.
  let text: String
  let cases: [(value: String, severity: Severity?)]
  let change: @Sendable (inout LintOptions) -> Void

  init(
    _ code: String, _ text: String, cases: [(String, Severity?)],
    change: @escaping @Sendable (inout LintOptions) -> Void = { _ in }
  ) {
    self.code = code
    self.text = text
    self.cases = cases.map { (value: $0.0, severity: $0.1) }
    self.change = change
  }

  var testDescription: String { "\(code) \(cases.map(\.value))" }
}

@Suite("Each rule at its threshold")
struct BoundaryTests {
  private static func deployment(_ container: String, spec: String = "", annotations: String = "{}") -> String {
    LintedText.deployment(container, spec: spec, annotations: annotations)
  }

  private static func cpu(_ request: String, _ limit: String) -> String {
    deployment("resources: {requests: {cpu: \(request)}, limits: {cpu: \(limit)}}")
  }

  /// With a target `$`.
  private static func hpa(_ resource: String = "cpu", spec: String = "minReplicas: 2, maxReplicas: 10") -> String {
    LintedText.hpa(
      LintedText.utilization(0, of: resource).replacing("averageUtilization: 0", with: "averageUtilization: $"),
      spec: spec)
  }

  private static let asked = deployment("resources: {requests: {cpu: 500m}}")
  private static let aimed = LintedText.utilization(70)

  /// Usage is at most limit / request in whole percent, truncated; the controller acts above 1.1 times the target.
  static let targets: [Boundary] = [
    // 100 / 91 = 1.0989, 100 / 90 = 1.1111
    Boundary("OPZ101", cpu("500m", "500m") + hpa(), cases: [("90", nil), ("91", .error), ("92", .error)]),
    // 700 / 3 = 233 in whole percent: 233 / 211 = 1.1043, 233 / 212 = 1.0991
    Boundary("OPZ101", cpu("3m", "7m") + hpa(), cases: [("211", nil), ("212", .error), ("213", .error)]),
    // 110 / 100 equals the tolerance, so nothing happens.
    Boundary("OPZ101", cpu("100m", "110m") + hpa(), cases: [("99", nil), ("100", .error), ("101", .error)]),
    Boundary(
      "OPZ104", deployment("resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}") + hpa("memory"),
      cases: [("90", nil), ("91", .error), ("92", .error)]),
    // One worker on k cores: 100 / k against 1.1 times the target. 50 / 45 = 1.11, 50 / 46 = 1.09
    Boundary(
      "OPZ102",
      deployment("command: [uvicorn], env: [{name: OMP_NUM_THREADS, value: \"1\"}], resources: {requests: {cpu: 2}}")
        + hpa(),
      cases: [("45", nil), ("46", .error), ("47", .error)]),
    // 33 / 29 = 1.14; 33 / 30 = 1.1 is within the tolerance.
    Boundary(
      "OPZ102",
      deployment("command: [uvicorn], env: [{name: OMP_NUM_THREADS, value: \"1\"}], resources: {requests: {cpu: 3}}")
        + hpa(),
      cases: [("29", nil), ("30", .error), ("31", .error)]),
    // 25 / 22 = 1.14, 25 / 23 = 1.09
    Boundary(
      "OPZ102",
      deployment("command: [uvicorn], env: [{name: OMP_NUM_THREADS, value: \"1\"}], resources: {requests: {cpu: 4}}")
        + hpa(),
      cases: [("22", nil), ("23", .error), ("24", .error)]),
    // An idle pod's share of 1000Mi in whole percent, against 70: 63 / 70 = 0.9 and 77 / 70 = 1.1 are both within it.
    Boundary(
      "OPZ103",
      deployment("resources: {requests: {memory: 1000Mi}}", annotations: "{opz.dev/baseline-memory: $Mi}")
        + LintedText.hpa(LintedText.utilization(70, of: "memory")),
      cases: [("629", nil), ("630", .warning), ("631", .warning), ("779", .warning), ("780", .error), ("781", .error)]),
  ]

  static let replicas: [Boundary] = [
    Boundary(
      "OPZ107", asked + LintedText.hpa(aimed, spec: "minReplicas: 5, maxReplicas: $"),
      cases: [("4", .error), ("5", nil), ("6", nil)]),
    Boundary(
      "OPZ107", asked + LintedText.hpa(aimed, spec: "minReplicas: 0, maxReplicas: $"),
      cases: [("0", .error), ("1", nil)]),
    Boundary(
      "OPZ108", asked + LintedText.hpa(aimed, spec: "minReplicas: 5, maxReplicas: $"),
      cases: [("4", nil), ("5", .warning), ("6", nil)]),
    Boundary(
      "OPZ115", asked + LintedText.hpa(aimed, spec: "minReplicas: $, maxReplicas: 9"),
      cases: [("0", .error), ("1", nil)]),
    // ceil(need / one) pods
    Boundary(
      "OPZ109", asked + LintedText.hpa(aimed, spec: "maxReplicas: $"), cases: [("9", .error), ("10", nil), ("11", nil)]
    ) {
      ($0.need, $0.perPod) = (1200, 120)
    },
    Boundary("OPZ109", asked + LintedText.hpa(aimed, spec: "maxReplicas: $"), cases: [("10", .error), ("11", nil)]) {
      ($0.need, $0.perPod) = (1200.5, 120)
    },
    // As doubles, 1.1 / 0.1 is more than 11.
    Boundary("OPZ109", asked + LintedText.hpa(aimed, spec: "maxReplicas: $"), cases: [("10", .error), ("11", nil)]) {
      ($0.need, $0.perPod) = (1.1, 0.1)
    },
    Boundary(
      "OPZ114",
      asked + LintedText.hpa(aimed, spec: "maxReplicas: 9, behavior: {scaleDown: {stabilizationWindowSeconds: $}}"),
      cases: [("1800", nil), ("1801", .warning), ("3600", .warning), ("3601", .error)]),
    // extra * 2 >= most
    Boundary(
      "OPZ308", deployment("", spec: "strategy: {rollingUpdate: {maxSurge: $}}") + LintedText.hpa(aimed),
      cases: [("4", nil), ("5", .warning), ("40%", nil), ("41%", .warning), ("50%", .warning)]),
    // maxUnavailable is rounded down: 99% of 4 is 3.
    Boundary(
      "OPZ309", deployment("", spec: "replicas: 4\n  strategy: {rollingUpdate: {maxUnavailable: $}}"),
      cases: [("3", nil), ("4", .error), ("5", .error), ("99%", nil), ("100%", .error)]),
  ]

  private static func probe(_ key: String, _ more: String = "") -> String {
    deployment(
      "\(key): {initialDelaySeconds: 5, failureThreshold: 3, periodSeconds: 10\(more)}",
      annotations: "{opz.dev/load-seconds: \"$\"}")
  }

  /// delay + failures * period at the latest; delay + (failures - 1) * period is certain.
  static let times: [Boundary] = [
    // 35 / 1.5 = 23.33
    Boundary(
      "OPZ301", probe("startupProbe"), cases: [("23.33", nil), ("23.34", .warning), ("35", .warning), ("35.1", .error)]),
    // A single probe with a long period may come immediately.
    Boundary(
      "OPZ301",
      deployment(
        "startupProbe: {initialDelaySeconds: 5, failureThreshold: 1, periodSeconds: 60}",
        annotations: "{opz.dev/load-seconds: \"$\"}"),
      cases: [("4.9", nil), ("5", nil), ("5.1", .warning), ("65", .warning), ("65.1", .error)]),
    Boundary(
      "OPZ302", probe("livenessProbe"), cases: [("25", nil), ("25.1", .warning), ("35", .warning), ("35.1", .error)]),
    Boundary("OPZ303", probe("livenessProbe"), cases: [("25", .warning), ("25.1", nil)]),
    // preStop + drain must be below the grace period, which is 30 s by default.
    Boundary(
      "OPZ305", deployment("env: [{name: OPZ_DRAIN_SECONDS, value: \"$\"}]"),
      cases: [("29", nil), ("30", .error), ("31", .error)]),
    Boundary(
      "OPZ305",
      deployment("lifecycle: {preStop: {sleep: {seconds: 20}}}, env: [{name: OPZ_DRAIN_SECONDS, value: \"$\"}]"),
      cases: [("9", nil), ("10", .error), ("11", .error)]),
    Boundary(
      "OPZ306", deployment("", annotations: "{opz.dev/load-seconds: \"$\"}"), cases: [("599.9", nil), ("600", .error)]),
    Boundary(
      "OPZ306", deployment("", spec: "minReadySeconds: $"), cases: [("599", nil), ("600", .error), ("601", .error)]),
    Boundary(
      "OPZ306", deployment("startupProbe: {periodSeconds: 1, failureThreshold: $}"),
      cases: [("599", nil), ("600", nil), ("601", .error)]),
    Boundary(
      "OPZ307", deployment("readinessProbe: {periodSeconds: 5, timeoutSeconds: $}"),
      cases: [("4", nil), ("5", nil), ("6", .warning)]),
    // Kubernetes' defaults: a timeout of 1 s, every 10 s.
    Boundary(
      "OPZ307", deployment("readinessProbe: {timeoutSeconds: $}"), cases: [("9", nil), ("10", nil), ("11", .warning)]),
  ]

  private static func budget(_ spec: String, _ replicas: Int) -> String {
    deployment("", spec: "replicas: \(replicas)")
      + "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {\(spec), selector: {matchLabels: {app: churn}}}\n"
  }

  /// The disruption controller rounds both numbers up.
  static let budgets: [Boundary] = [
    Boundary("OPZ401", budget("minAvailable: $", 3), cases: [("2", nil), ("3", .error), ("4", .error)]),
    Boundary("OPZ401", budget("minAvailable: $", 3), cases: [("66%", nil), ("67%", .error)]),
    Boundary("OPZ401", budget("minAvailable: $", 200), cases: [("99%", nil), ("100%", .error)]),
    Boundary(
      "OPZ401", budget("maxUnavailable: $", 3), cases: [("0", .error), ("1", nil), ("0%", .error), ("1%", nil)]),
    Boundary("OPZ402", budget("maxUnavailable: $", 1), cases: [("0", nil), ("1", .note), ("1%", .note)]),
    Boundary(
      "OPZ402", budget("maxUnavailable: 1", 1).replacing("replicas: 1", with: "replicas: $"),
      cases: [("1", .note), ("2", nil)]),
  ]

  static let amounts: [Boundary] = [
    Boundary(
      "OPZ602", cpu("$", "500m"),
      cases: [("499m", nil), ("500m", nil), ("0.5", nil), ("501m", .error), ("0.501", .error)]),
    Boundary(
      "OPZ602", deployment("resources: {requests: {memory: $}, limits: {memory: 1Gi}}"),
      cases: [
        ("1073741823", nil), ("1024Mi", nil), ("1073741824", nil), ("1073741825", .error), ("1.1e9", .error),
        ("1G", nil),
      ]),
    // Less than a mebibyte of memory or more than 512 cores means that the unit was forgotten.
    Boundary(
      "OPZ603", deployment("resources: {requests: {memory: $}}"),
      cases: [("1048575", .error), ("1048576", nil), ("1Mi", nil), ("1023Ki", .error)]),
    Boundary(
      "OPZ603", deployment("resources: {requests: {cpu: $}}"),
      cases: [("512", nil), ("513", .error), ("512000m", nil), ("1e2", nil), ("1e3", .error)]),
    Boundary(
      "OPZ604", deployment("resources: {limits: {nvidia.com/gpu: $}}"),
      cases: [("1", nil), ("999m", .error), ("1000m", nil), ("1001m", .error)]),
    Boundary(
      "OPZ606",
      asked + LintedText.hpa(aimed)
        + "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {requests.cpu: $}}\n",
      cases: [("4999m", .error), ("5", nil), ("5001m", nil)]),
    Boundary(
      "OPZ606",
      asked + LintedText.hpa(aimed)
        + "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: $}}\n",
      cases: [("9", .error), ("10", nil)]),
    // The threads of all workers against the limit.
    Boundary(
      "OPZ608",
      deployment(
        "command: [gunicorn, -w, \"2\"], env: [{name: OMP_NUM_THREADS, value: \"2\"}], resources: {limits: {cpu: $}}"),
      cases: [("3999m", .warning), ("4", nil), ("4001m", nil)]),
  ]

  private static func knative(_ annotations: String, _ spec: String = "") -> String {
    """
    apiVersion: serving.knative.dev/v1
    kind: Service
    metadata: {name: churn}
    spec:
      template:
        metadata: {annotations: {\(annotations)}}
        spec: {\(spec)containers: [{image: "r.example/churn:1"}]}

    """
  }

  private static let scale = "autoscaling.knative.dev/"

  private static func keda(_ spec: String) -> String {
    "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: churn}\nspec: {scaleTargetRef: {name: churn}, \(spec), triggers: [{type: prometheus, metadata: {threshold: \"1\"}}]}\n"
  }

  static let serverless: [Boundary] = [
    Boundary(
      "OPZ203", knative("\(scale)min-scale: \"3\", \(scale)max-scale: \"$\""),
      cases: [("2", .error), ("3", .warning), ("4", nil), ("0", nil)]),
    Boundary(
      "OPZ203", knative("\(scale)initial-scale: \"$\", \(scale)max-scale: \"4\""),
      cases: [("3", nil), ("4", nil), ("5", .error)]),
    Boundary(
      "OPZ205", knative("", "containerConcurrency: $, "),
      cases: [("-1", .error), ("0", nil), ("1000", nil), ("1001", .error)]),
    Boundary(
      "OPZ205", knative("\(scale)target: \"$\"", "containerConcurrency: 10, "),
      cases: [("9", nil), ("10", nil), ("10.1", .warning)]),
    // It must be below the minimum, and only 0 works.
    Boundary(
      "OPZ209", keda("idleReplicaCount: $, minReplicaCount: 2"), cases: [("0", nil), ("1", .error), ("2", .error)]),
    Boundary("OPZ209", keda("idleReplicaCount: 0, minReplicaCount: $"), cases: [("0", .error), ("1", nil)]),
    Boundary(
      "OPZ201",
      "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: a, annotations: {serving.kserve.io/deploymentMode: Standard}}\nspec: {predictor: {minReplicas: 2, maxReplicas: $}}\n",
      cases: [("1", .error), ("2", .warning), ("3", nil)]),
  ]

  @Test(
    "below, at and above", arguments: targets + replicas + times + budgets + amounts + serverless)
  func boundary(boundary: Boundary) throws {
    for (value, severity) in boundary.cases {
      let found = try LintedText.findings(boundary.text.replacing("$", with: value), boundary.change)
        .filter { $0.code == boundary.code }
      #expect(found.count <= 1 && found.first?.severity == severity, "\(value): \(found.map(\.message))")
    }
  }

  /// An idle pod's memory, as the controller counts it, at every percent.
  @Test("a memory target is reported where the controller adds pods without load", arguments: [1, 50, 70, 89, 100])
  func ratchet(target: Int) throws {
    let calculator = ReplicaCalculator()
    for percent in 1...120 {
      let text =
        BoundaryTests.deployment(
          "resources: {requests: {memory: 100Mi}}", annotations: "{opz.dev/baseline-memory: \(percent)Mi}")
        + LintedText.hpa(LintedText.utilization(target, of: "memory"))
      let pods = (0..<1000).map { AutoscaledPod(name: "\($0)", request: 100) }
      let samples = Dictionary(uniqueKeysWithValues: pods.map { ($0.name, MetricSample(Int64(percent))) })
      let wanted = try calculator.utilization(pods, samples, target: target, current: 1000, isCPU: false).replicas
      let severity: Severity? = wanted > 1000 ? .error : wanted == 1000 ? .warning : nil
      #expect(try LintedText.find("OPZ103", text)?.severity == severity, "\(percent)% of \(target)%")
    }
  }
}
