import OpzDeploy
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("Manifests")
struct ManifestsTests {
  /// `OPZ_SNAPSHOTS=write` rewrites the snapshots, and then fails, so that the variable is not left set.
  @Test("the stream equals the fixture, byte for byte", arguments: Scenario.allCases)
  func snapshot(scenario: Scenario) throws {
    let manifests = try scenario.manifests
    let remarks = manifests.remarks.map { "# remark: \($0)\n" }.joined()
    let text = remarks + manifests.stream
    let path = Scenario.fixture("snapshots/\(scenario.rawValue).yaml")
    if ProcessEnvironment.value("OPZ_SNAPSHOTS") == "write" {
      try Durable.replace(path, with: Array(text.utf8))
      Issue.record("\(path) is written anew")
    }
    #expect(text == String(decoding: try FileBlob(path).bytes(), as: UTF8.self))
  }

  @Test("the stream is all files except the kustomization, each after ---", arguments: Scenario.allCases)
  func stream(scenario: Scenario) throws {
    let manifests = try scenario.manifests
    let extras = ["kustomization.yaml", "prometheus-adapter-values.yaml"]
    let objects = manifests.files.filter { !extras.contains($0.name) }
    #expect(manifests.documents == objects)
    #expect(manifests.stream == objects.map { "---\n" + $0.text }.joined())
    #expect(Set(manifests.files.map(\.name)).count == manifests.files.count)
    for file in manifests.files {
      #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n") && !file.text.contains("\t"), "\(file.name)")
      #expect(!file.text.split(separator: "\n").contains { $0.hasSuffix(" ") }, "\(file.name)")
    }
  }

  @Test(
    "kubernetes-validate passes every object, strictly, for three Kubernetes versions", arguments: Scenario.allCases)
  func valid(scenario: Scenario) async throws {
    let manifests = try scenario.manifests
    let versions = ["1.27", "1.32", "1.37"]
    let result = try await Scenario.python("validate.py", versions, input: manifests.stream)
    #expect(result.status == 0, "\(result.errorText)")
    #expect(result.text.split(separator: "\n").count == versions.count * manifests.documents.count, "\(result.text)")
  }

  /// Checks the oracle itself: it finds an unknown key, a wrong type and a missing key.
  @Test(
    "kubernetes-validate refuses a broken stream",
    arguments: [
      ("  maxReplicas: 10\n", ""), ("maxReplicas: 10", "maxReplicas: ten"), ("\nspec:\n", "\nspec:\n  replica: 1\n"),
    ])
  func invalid(old: String, new: String) async throws {
    let scaler = try #require(try ManifestsTests.files(Scenario.native.plan)["horizontalpodautoscaler.yaml"])
    let broken = scaler.replacing(old, with: new)
    try #require(broken != scaler)
    let result = try await Scenario.python("validate.py", ["1.37"], input: broken)
    #expect(result.status == 1, "\(result.text)")
    #expect(result.errorText.hasPrefix("HorizontalPodAutoscaler 1.37 spec"), "\(result.errorText)")
  }

  @Test(
    "an autoscaler if the replicas vary, else replicas, never both",
    arguments: [Scenario.native, .custom, .single, .fixed, .awkward])
  func replicas(scenario: Scenario) throws {
    let plan = try scenario.plan
    let files = try ManifestsTests.files(plan)
    let deployment = try #require(files["deployment.yaml"])
    #expect((files["horizontalpodautoscaler.yaml"] != nil) == (plan.minReplicas < plan.maxReplicas))
    #expect(deployment.contains("\n  replicas: ") == (plan.minReplicas == plan.maxReplicas))
    if plan.minReplicas == plan.maxReplicas { #expect(deployment.contains("\n  replicas: \(plan.minReplicas)\n")) }
  }

  @Test("a disruption budget for two replicas or more", arguments: [1, 2, 3])
  func budget(least: Int) throws {
    for most in [least, 10] {
      let manifests = try Manifests(try Scenario.churn { ($0.minReplicas, $0.maxReplicas) = (least, most) })
      let files = manifests.files.map(\.name)
      #expect(files.contains("poddisruptionbudget.yaml") == (least >= 2))
      #expect(manifests.remarks.contains { $0.contains("PodDisruptionBudget") } == (least < 2))
      let kustomization = try #require(manifests.files.first { $0.name == "kustomization.yaml" }).text
      #expect(kustomization.contains("poddisruptionbudget.yaml") == (least >= 2))
    }
  }

  @Test("the remarks name every object that is left out")
  func remarks() throws {
    #expect(try Manifests(Scenario.native.plan).remarks == [])
    #expect(
      try Manifests(Scenario.custom.plan).remarks == [
        "min and max are both 1: the Deployment sets replicas, and no HorizontalPodAutoscaler is written",
        "no PodDisruptionBudget is written: with one replica it would block every drain",
      ])
  }

  @Test("the image is pinned by digest and has no tag")
  func image() throws {
    let plan = try Scenario.churn { plan in
      plan.image = try .init(parsing: "registry.example:5000/team/churn:1.0.0@\(Scenario.digest)")
    }
    let deployment = try #require(try ManifestsTests.files(plan)["deployment.yaml"])
    let line = deployment.split(separator: "\n").first { $0.contains(" image: ") }
    #expect(line == "        image: registry.example:5000/team/churn@\(Scenario.digest)")
  }

  @Test("a user without a group is its own group")
  func user() throws {
    for (user, ids) in [
      ("1001", (1001, 1001)), ("1001:0", (1001, 0)), ("2147483647:2147483647", (2_147_483_647, 2_147_483_647)),
    ] {
      let deployment = try #require(try ManifestsTests.files(Scenario.churn { $0.user = user })["deployment.yaml"])
      #expect(deployment.contains(" runAsUser: \(ids.0)\n"))
      #expect(deployment.contains(" runAsGroup: \(ids.1)\n"))
      #expect(deployment.contains(" fsGroup: \(ids.1)\n"))
    }
  }

  @Test("a plan always gives the same manifests")
  func reproducible() throws {
    for scenario in Scenario.allCases {
      let first = try scenario.manifests.files
      for _ in 0..<5 { #expect(try scenario.manifests.files == first) }
    }
  }

  private static func files(_ plan: DeploymentPlan) throws -> [String: String] {
    Dictionary(uniqueKeysWithValues: try Manifests(plan).files.map { ($0.name, $0.text) })
  }
}
