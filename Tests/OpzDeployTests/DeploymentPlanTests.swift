import OpzDeploy
import OpzIO
import OpzKubernetes
import OpzOCI
import Testing

@Suite("DeploymentPlan")
struct DeploymentPlanTests {
  typealias Change = @Sendable (inout DeploymentPlan) throws -> Void

  @Test("an image that is not pinned is refused")
  func pinned() throws {
    let image = try Reference(parsing: "registry.example/team/churn:1.0.0")
    try refuses(.notPinned, "registry.example/team/churn:1.0.0: the image is not pinned by digest") { $0.image = image }
  }

  @Test("an invalid namespace is refused", arguments: ["", "Prod", "a.b", "-a"])
  func namespace(name: String) throws {
    try refuses(
      nil,
      """
      --namespace: "\(name)" is not a valid Kubernetes name

      hint: use at most 63 lower-case letters, digits and -
      """
    ) { $0.namespace = name }
  }

  @Test("an invalid port is refused", arguments: [Int.min, -1, 0, 65536, .max])
  func port(number: Int) throws {
    try refuses(.badTarget, "runtime.expose: \(number) is not a port") { $0.port = number }
  }

  @Test(
    "a user that is a name, root or out of range is refused",
    arguments: [
      "", "0", "0:0", "0:1", "root", "app", "app:100", "100:app", "-1", "+1", "1:", ":1", "1:2:3", "1:-1", "2147483648",
      " 1", "１",
    ])
  func user(text: String) throws {
    try refuses(
      .badTarget,
      """
      runtime.user: "\(text)" is not UID or UID:GID of a user other than root

      hint: write numbers: Kubernetes cannot check a name
      """
    ) { $0.user = text }
  }

  @Test("numbers of replicas that Kubernetes would refuse are refused")
  func replicas() throws {
    try refuses(.badReplicas, "deploy.replicas.min: 11 is more than max, 10") { $0.minReplicas = 11 }
    try refuses(.badReplicas, "deploy.replicas.min: \(Int.max) is more than max, \(Int.min)") {
      ($0.minReplicas, $0.maxReplicas) = (.max, .min)
    }
    for least in [-1, .min] {
      try refuses(
        .badReplicas, "deploy.replicas.min: \(least) is less than 0\n\nhint: set min: 0 or more"
      ) { $0.minReplicas = least }
    }
    try refuses(
      .badReplicas,
      """
      deploy.replicas.min: a HorizontalPodAutoscaler cannot scale up from 0

      hint: set min: 1 or more, or use --target keda or knative
      """
    ) { $0.minReplicas = 0 }
    try refuses(.badReplicas, "deploy.replicas.max: 2147483648 is more than the maximum of Kubernetes, 2147483647") {
      $0.maxReplicas = 2_147_483_648
    }
  }

  @Test("an invalid target is refused", arguments: [Int.min, -1, 0, 1001, .max])
  func target(percent: Int) throws {
    try refuses(.badTarget, "deploy.autoscale.cpu: \(percent)% is not from 1% to 1000%") { $0.cpuTarget = percent }
  }

  /// kube-controller-manager does not change the replicas while usage / target is within 0.1 of 1.
  @Test("a target that usage can never exceed is refused", arguments: [91, 95, 100, 101, 1000])
  func neverScales(percent: Int) throws {
    try refuses(
      .neverScales,
      """
      deploy.autoscale.cpu: \(percent)% never scales up: use is at most 100% of the request, and 100 / \(percent) is not above the tolerance of 1.1

      hint: set 90 or less; 70 leaves room for the time that a new pod needs
      """
    ) { $0.cpuTarget = percent }
  }

  @Test("the limits of every range are accepted")
  func edges() throws {
    let changes: [Change] = [
      { $0.cpuTarget = 1 }, { $0.cpuTarget = 90 }, { $0.port = 1 }, { $0.port = 65535 }, { $0.user = "1:0" },
      { $0.minReplicas = 1 }, { $0.maxReplicas = 2_147_483_647 }, { ($0.minReplicas, $0.maxReplicas) = (10, 10) },
      { $0.namespace = "a" },
      // No autoscaler, so nothing uses the target.
      { ($0.minReplicas, $0.maxReplicas, $0.cpuTarget) = (2, 2, 100) },
    ]
    for change in changes { _ = try Manifests(Scenario.churn(change)) }
  }

  @Test("a model without a name is refused")
  func nameless() throws {
    let plan = try Scenario.churn { $0.model = "___" }
    #expect((Scenario.refusal { _ = try Manifests(plan) } as? KubernetesError)?.code == .badName)
  }

  /// Expects that `validate` and `Manifests` refuse the same plan.
  /// - Parameter code: nil for a `KubernetesError`.
  private func refuses(
    _ code: DeployError.Code?, _ message: String, location: SourceLocation = #_sourceLocation, change: Change
  ) throws {
    let plan = try Scenario.churn(change)
    for error in [Scenario.refusal { try plan.validate() }, Scenario.refusal { _ = try Manifests(plan) }] {
      #expect((error as? DeployError)?.code == code, sourceLocation: location)
      #expect(error?.description == message, sourceLocation: location)
      #expect(error?.category == .failed, sourceLocation: location)
    }
  }
}
