import OpzKubernetes
import OpzLint
import OpzTestKit
import Testing

@Suite("OPZ101: dead CPU targets")
struct DeadCPUTargetTests {
  private static func text(_ request: Int, _ limit: Int, metric: String, spec: String = "") -> String {
    LintedText.deployment("resources: {requests: {cpu: \(request)m}, limits: {cpu: \(limit)m}}")
      + LintedText.hpa(metric, spec: "minReplicas: 2, maxReplicas: 10\(spec)")
  }

  @Test("the message has the position and the arithmetic")
  func message() throws {
    let finding = try #require(
      try LintedText.find("OPZ101", DeadCPUTargetTests.text(500, 500, metric: LintedText.utilization(95))))
    #expect(
      finding.message
        == "usage is at most 100% of the request (limit 500m, request 500m); 100 / 95 = 1.05 is not above 1.1, so it never scales up"
    )
    #expect(finding.severity == .error)
    #expect(finding.object == "HorizontalPodAutoscaler default/churn")
    #expect(finding.line == 17)
  }

  @Test("the threshold", arguments: [(90, false), (91, true), (100, true), (150, true)])
  func border(_ target: Int, _ isDead: Bool) throws {
    #expect(
      try (LintedText.find("OPZ101", DeadCPUTargetTests.text(500, 500, metric: LintedText.utilization(target))) != nil)
        == isDead)
  }

  @Test("a limit above the request allows a higher target", arguments: [(1000, 181, false), (1000, 182, true)])
  func room(_ limit: Int, _ target: Int, isDead: Bool) throws {
    #expect(
      try
        (LintedText.find("OPZ101", DeadCPUTargetTests.text(500, limit, metric: LintedText.utilization(target))) != nil)
        == isDead)
  }

  @Test(
    "a tolerance in the behavior counts",
    arguments: [("0.05", 95, false), ("0.05", 96, true), ("0.2", 84, true), ("0", 100, true)])
  func tolerance(_ tolerance: String, _ target: Int, isDead: Bool) throws {
    let text = DeadCPUTargetTests.text(
      500, 500, metric: LintedText.utilization(target), spec: ", behavior: {scaleUp: {tolerance: \(tolerance)}}")
    #expect(try (LintedText.find("OPZ101", text) != nil) == isDead)
  }

  @Test("an average in cores", arguments: [("450m", false), ("460m", true)])
  func average(_ target: String, _ isDead: Bool) throws {
    let metric = "{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: \(target)}}}"
    #expect(try (LintedText.find("OPZ101", DeadCPUTargetTests.text(500, 500, metric: metric)) != nil) == isDead)
  }

  @Test("usage without a limit is not capped, and a dead target among two metrics is a warning")
  func uncertain() throws {
    let hpa = LintedText.hpa(LintedText.utilization(95))
    #expect(try LintedText.find("OPZ101", LintedText.deployment("resources: {requests: {cpu: 500m}}") + hpa) == nil)
    let two = DeadCPUTargetTests.text(
      500, 500, metric: LintedText.utilization(95) + ", {type: Pods, pods: {metric: {name: x}}}")
    #expect(try LintedText.find("OPZ101", two)?.severity == .warning)
  }

  @Test("KEDA's cpu trigger, a v1 autoscaler, and the default of 80%")
  func others() throws {
    let capped = LintedText.deployment("resources: {limits: {cpu: 500m}}")
    let keda =
      "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: churn}\nspec: {scaleTargetRef: {name: churn}, minReplicaCount: 1, triggers: [{type: cpu, metricType: Utilization, metadata: {value: \"95\"}}]}\n"
    #expect(try LintedText.find("OPZ101", capped + keda) != nil)
    let v1 =
      "---\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: churn}\nspec: {scaleTargetRef: {kind: Deployment, name: churn}, maxReplicas: 9, targetCPUUtilizationPercentage: 95}\n"
    #expect(try LintedText.find("OPZ101", capped + v1) != nil)
    #expect(
      try LintedText.find("OPZ101", capped + v1.replacing(", targetCPUUtilizationPercentage: 95", with: "")) == nil)
  }

  @Test("the rule reports exactly the targets with which the controller never adds a pod", arguments: 0..<40)
  func controller(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let request = Int.random(in: 1...4000, using: &random)
    let limit = request + Int.random(in: 0...request, using: &random)
    let target = Int.random(in: 40...200, using: &random)
    let thousandths = Int.random(in: 0...300, using: &random)
    let text = DeadCPUTargetTests.text(
      request, limit, metric: LintedText.utilization(target),
      spec: ", behavior: {scaleUp: {tolerance: \(Double(thousandths) / 1000)}}")
    let isDead = try LintedText.find("OPZ101", text) != nil
    var calculator = ReplicaCalculator()
    calculator.tolerance.up = Double(thousandths) / 1000
    for count in [1, 2, 3, 10, 50] {
      let pods = (0..<count).map { AutoscaledPod(name: "\($0)", request: Int64(request)) }
      // Every pod at its limit: usage cannot be higher.
      let samples = Dictionary(uniqueKeysWithValues: pods.map { ($0.name, MetricSample(Int64(limit))) })
      let wanted = try calculator.utilization(pods, samples, target: target, current: count, isCPU: true).replicas
      #expect(
        (wanted <= count) == isDead, "request \(request) limit \(limit) target \(target) tolerance \(thousandths)")
    }
  }
}

@Suite("OPZ102: too few workers")
struct OneWorkerTests {
  @Test(
    "servers, their options and variables",
    arguments: [
      ("[uvicorn, \"a:b\"]", "", 2, 46, true), ("[uvicorn, \"a:b\"]", "", 2, 45, false),
      ("[uvicorn, \"a:b\"]", "", 1, 70, false), ("[gunicorn, -w, \"4\"]", "", 4, 70, false),
      ("[gunicorn, -w4]", "", 8, 46, true), ("[/opt/bin/gunicorn, --workers=1]", "", 4, 70, true),
      ("[sh, -c, \"exec uvicorn a:b --workers 3\"]", "", 4, 70, true),
      ("[python, -m, uvicorn, \"a:b\"]", "{name: WEB_CONCURRENCY, value: \"4\"}", 4, 70, false),
      ("[uvicorn, --workers, $(WORKERS)]", "", 4, 70, false), ("[python, app.py]", "", 4, 70, false),
      ("[uvicorn, \"a:b\"]", "{name: OMP_NUM_THREADS, value: \"2\"}", 2, 70, false),
    ])
  func servers(_ command: String, _ env: String, cores: Int, target: Int, isDead: Bool) throws {
    let text =
      LintedText.deployment("command: \(command), env: [\(env)], resources: {requests: {cpu: \(cores)}}")
      + LintedText.hpa(LintedText.utilization(target))
    #expect(try (LintedText.find("OPZ102", text) != nil) == isDead)
  }

  @Test("certain with OMP_NUM_THREADS or an annotation, a warning without")
  func severity() throws {
    let hpa = LintedText.hpa(LintedText.utilization(70))
    let open = LintedText.deployment("command: [uvicorn], resources: {requests: {cpu: 2}}") + hpa
    #expect(try LintedText.find("OPZ102", open)?.severity == .warning)
    let bound = open.replacing("command", with: "env: [{name: OMP_NUM_THREADS, value: \"1\"}], command")
    let finding = try #require(try LintedText.find("OPZ102", bound))
    #expect(finding.severity == .error)
    #expect(
      finding.message
        == "1 worker of uvicorn in server: at most 1 of the 2 cores requested, 50%; 50 / 70 = 0.71 is not above 1.1, so it never scales up"
    )
    let said =
      LintedText.deployment(
        "command: [serve], resources: {requests: {cpu: 2}}", annotations: "{opz.dev/workers: \"1\"}") + hpa
    #expect(try LintedText.find("OPZ102", said)?.severity == .error)
  }
}

@Suite("OPZ103: ratcheting memory targets")
struct MemoryTargetBelowBaselineTests {
  private static func find(_ baseline: String, target: Int) throws -> Finding? {
    try LintedText.find(
      "OPZ103",
      LintedText.deployment(
        "resources: {requests: {memory: 1000Mi}}", annotations: "{opz.dev/baseline-memory: \(baseline)}")
        + LintedText.hpa(LintedText.utilization(target, of: "memory")))
  }

  @Test(
    "above 1.1 the replicas only grow, from 0.9 on they never shrink",
    arguments: [(780, Severity.error), (770, .warning), (630, .warning)])
  func borders(_ baseline: Int, _ severity: Severity) throws {
    #expect(try MemoryTargetBelowBaselineTests.find("\(baseline)Mi", target: 70)?.severity == severity)
  }

  @Test("below 0.9 it is a normal target")
  func fine() throws { #expect(try MemoryTargetBelowBaselineTests.find("620Mi", target: 70) == nil) }

  @Test("the controller agrees: it keeps adding idle pods")
  func controller() throws {
    let finding = try #require(try MemoryTargetBelowBaselineTests.find("900Mi", target: 70))
    #expect(
      finding.message.hasPrefix("an idle pod uses 900Mi: 90% of the 1000Mi requested, and 90 / 70 = 1.28 is above 1.1"))
    var count = 2
    for _ in 0..<20 {
      let pods = (0..<count).map { AutoscaledPod(name: "\($0)", request: 1000) }
      let samples = Dictionary(uniqueKeysWithValues: pods.map { ($0.name, MetricSample(900)) })
      let next = try ReplicaCalculator().utilization(pods, samples, target: 70, current: count, isCPU: false).replicas
      #expect(next > count)
      count = min(next, 1000)
    }
  }

  @Test("without a baseline it is a note")
  func unknown() throws {
    let text =
      LintedText.deployment("resources: {requests: {memory: 1Gi}}")
      + LintedText.hpa(LintedText.utilization(70, of: "memory"))
    #expect(try LintedText.find("OPZ103", text)?.severity == .note)
  }
}

@Suite("OPZ105 to OPZ116: autoscalers")
struct AutoscalerRuleTests {
  private static let cpu = LintedText.utilization(70)
  private static let asked = LintedText.deployment("resources: {requests: {cpu: 500m}}")

  @Test("a sidecar without a request counts, an init container does not")
  func sidecars() throws {
    let sidecar = LintedText.deployment(
      "resources: {requests: {cpu: 1}}", pod: "initContainers: [{name: mesh, image: x, restartPolicy: Always}]")
    #expect(
      try LintedText.find("OPZ105", sidecar + LintedText.hpa(AutoscalerRuleTests.cpu))?.message.contains("mesh") == true
    )
    let setup = sidecar.replacing(", restartPolicy: Always", with: "")
    #expect(try LintedText.find("OPZ105", setup + LintedText.hpa(AutoscalerRuleTests.cpu)) == nil)
    let one =
      "{type: ContainerResource, containerResource: {name: cpu, container: server, target: {averageUtilization: 70}}}"
    #expect(try LintedText.find("OPZ105", sidecar + LintedText.hpa(one)) == nil)
    #expect(
      try LintedText.find(
        "OPZ105", LintedText.deployment("resources: {limits: {cpu: 1}}") + LintedText.hpa(AutoscalerRuleTests.cpu))
        == nil)
  }

  @Test("need: ceil(need / one), from options and annotations", arguments: [(1200.0, false), (1201, true)])
  func need(_ need: Double, _ isTooFew: Bool) throws {
    let found = try LintedText.find("OPZ109", AutoscalerRuleTests.asked + LintedText.hpa(AutoscalerRuleTests.cpu)) {
      $0.need = need
      $0.perPod = 120
    }
    #expect((found != nil) == isTooFew)
    if isTooFew {
      #expect(
        found?.message == "ceil(1201 / 120) = 11 pods are needed, but there are at most 10: 1200 requests per second")
    }
  }

  @Test(
    "bounds",
    arguments: [
      ("minReplicas: 5, maxReplicas: 3", "OPZ107"), ("minReplicas: 3, maxReplicas: 3", "OPZ108"),
      ("maxReplicas: 1", "OPZ108"), ("maxReplicas: 0", "OPZ107"), ("minReplicas: 0, maxReplicas: 3", "OPZ115"),
    ])
  func bounds(_ spec: String, _ code: String) throws {
    #expect(
      try LintedText.find(code, AutoscalerRuleTests.asked + LintedText.hpa(AutoscalerRuleTests.cpu, spec: spec)) != nil)
  }

  @Test("a missing target is reported only if the manifests have workloads of its kind")
  func target() throws {
    #expect(try LintedText.find("OPZ110", LintedText.hpa(AutoscalerRuleTests.cpu)) == nil)
    let other = AutoscalerRuleTests.asked.replacing("{name: churn,", with: "{name: other,")
    #expect(try LintedText.find("OPZ110", other + LintedText.hpa(AutoscalerRuleTests.cpu)) != nil)
  }

  @Test(
    "VPA",
    arguments: [
      ("Auto", "", true), ("Recreate", "", true), ("\"Off\"", "", false), ("Off", "", false),
      ("Auto", ", resourcePolicy: {containerPolicies: [{containerName: \"*\", controlledResources: [memory]}]}", false),
    ])
  func vertical(_ mode: String, _ policy: String, isWrong: Bool) throws {
    let vpa =
      "---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: v}\nspec: {targetRef: {kind: Deployment, name: churn}, updatePolicy: {updateMode: \(mode)}\(policy)}\n"
    let text = AutoscalerRuleTests.asked + LintedText.hpa(AutoscalerRuleTests.cpu) + vpa
    #expect(try (LintedText.find("OPZ112", text) != nil) == isWrong)
  }

  @Test(
    "windows and speeds",
    arguments: [
      ("scaleDown: {stabilizationWindowSeconds: 1800}", "OPZ114", Severity?.none),
      ("scaleDown: {stabilizationWindowSeconds: 1801}", "OPZ114", .warning),
      ("scaleDown: {stabilizationWindowSeconds: 3601}", "OPZ114", .error),
      // From 2 to 10: eight steps with seven periods between them, each rounded up to the next sync.
      ("scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 510}]}", "OPZ116", nil),
      ("scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 511}]}", "OPZ116", .warning),
      (
        "scaleUp: {stabilizationWindowSeconds: 3600, policies: [{type: Pods, value: 8, periodSeconds: 60}]}", "OPZ116",
        nil
      ),
      (
        "scaleUp: {stabilizationWindowSeconds: 3600, policies: [{type: Pods, value: 7, periodSeconds: 60}]}", "OPZ116",
        .warning
      ),
      // A percentage is rounded up: one pod per period until it amounts to two.
      ("scaleUp: {policies: [{type: Percent, value: 1, periodSeconds: 510}]}", "OPZ116", nil),
      ("scaleUp: {policies: [{type: Percent, value: 1, periodSeconds: 600}]}", "OPZ116", .warning),
      ("scaleUp: {policies: [{type: Percent, value: 100, periodSeconds: 600}]}", "OPZ116", nil),
      // The faster of two policies, unless selectPolicy asks for the slower one.
      (
        "scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 600}, {type: Pods, value: 4, periodSeconds: 15}]}",
        "OPZ116", nil
      ),
      (
        "scaleUp: {selectPolicy: Min, policies: [{type: Pods, value: 1, periodSeconds: 600}, {type: Pods, value: 4, periodSeconds: 15}]}",
        "OPZ116", .warning
      ),
      ("scaleUp: {selectPolicy: Disabled}", "OPZ116", .error),
    ])
  func behavior(_ behavior: String, _ code: String, severity: Severity?) throws {
    let text =
      AutoscalerRuleTests.asked
      + LintedText.hpa(AutoscalerRuleTests.cpu, spec: "minReplicas: 2, maxReplicas: 10, behavior: {\(behavior)}")
    #expect(try LintedText.find(code, text)?.severity == severity)
  }
}
