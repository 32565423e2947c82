import OpzDeploy
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import Testing

@Suite("Applying to a cluster: what earlier deploys and other models left")
struct ApplyPlaceTests: ApplySuite {
  let project: Project
  let server: KubernetesServer

  init() throws {
    let scene = try ApplyScene()
    (project, server) = (scene.project, scene.server)
  }

  // MARK: The place

  @Test("what another target or profile left is named, and deleted with --prune, however old it is")
  func leftOver() async throws {
    let version = try await version("1.0.0", Self.scaled)
    try await apply(version)
    let notes = try await apply(version) { ($0.target, $0.profile) = (.keda, .dev) }
    #expect(notes.contains("no longer in the manifests, and not deleted: HorizontalPodAutoscaler churn"))
    #expect(notes.contains("no longer in the manifests, and not deleted: PodDisruptionBudget churn"))
    // A deploy without these objects does not make opz forget them.
    let again = try await apply(version, prunes: true) { ($0.target, $0.profile) = (.keda, .dev) }
    #expect(again.contains { $0.hasPrefix("horizontalpodautoscaler.autoscaling \"churn\" deleted") })
    #expect(try server.names("horizontalpodautoscalers") == [] && (try server.names("poddisruptionbudgets")) == [])
    #expect(try server.names("scaledobjects") == ["churn"])
    let last = try await apply(version) { ($0.target, $0.profile) = (.keda, .dev) }
    #expect(!last.contains { $0.hasPrefix("no longer in the manifests") })
  }

  @Test("deploys recorded by an earlier opz, or written to files, count too", arguments: [true, false])
  func earlierRecords(isOld: Bool) async throws {
    let version = try await version("1.0.0", Self.scaled)
    var request = DeployRequest(repository: try Reference(parsing: "registry.example/crm/churn"))
    request.target = .keda
    let deploy = DeployVersion(version, request, in: project.session)
    let written = try await deploy.manifests()
    let registry = try project.registry()
    if isOld {
      let blob = try registry.store.put(Array(written.stream.utf8), Registry.manifestsType)
      try registry.note(
        .deployed, version, by: project.session.author,
        details: ["place": .string("keda/-/prod"), "manifests": try JSONValue(encoding: blob.withoutAnnotations)])
    } else {
      try await deploy.record(written, registry)
    }
    #expect(
      try server.kubectl("apply", "--server-side", "--field-manager", "opz", "-f", "-", input: written.stream).status
        == 0)
    try await apply(version, prunes: true)
    #expect(try server.names("scaledobjects") == [] && (try server.names("horizontalpodautoscalers")) == ["churn"])
  }

  @Test("another cluster is another place")
  func otherCluster() async throws {
    let versions = [try await version("1.0.0", Self.scaled), try await version("1.1.0", Self.scaled)]
    try await apply(versions[0])
    try await apply(versions[1])
    var other = project
    let second = try KubernetesServer()
    other.session.environment.merge(second.environment) { _, new in new }
    let rollback = RollBackDeploy(try ModelName("churn"), in: other.session)
    let error = await #expect(throws: FlowError.self) { try await rollback.find(try other.registry(), applies: true) }
    #expect(error?.category == .notFound)
    #expect(try await rollBack() == "1.0.0")
  }

  @Test("objects of a kind that the cluster no longer has count as deleted")
  func kindIsGone() async throws {
    let version = try await version("1.0.0", Self.scaled)
    try await apply(version) { $0.target = .keda }
    try server.control(#"{"missing": ["keda.sh"]}"#)
    let notes = try await apply(version, prunes: true)
    #expect(!notes.contains { $0.contains("ScaledObject") })
  }

  // MARK: Names

  @Test(
    "an object of another model is neither taken over nor deleted",
    arguments: [
      ("a/b", "a-b"), ("a-b", "a/b"), ("a.b", "a_b"), ("a-score", "a"), ("a-schedules", "a"),
    ])
  func nameClashes(first: String, second: String) async throws {
    let deploy =
      "\(Self.scaled), schedules: [{name: refresh, cron: \"@daily\", command: [/r]}], batch: {command: [/s], schedule: \"@daily\"}"
    let one = try await version("1.0.0", deploy, of: first)
    let two = try await version("1.0.0", deploy, of: second)
    let isBatch = first == "a-score"
    try await apply(one)
    let before = try server.changes()
    let error = await #expect(throws: FlowError.self) { try await apply(two, prunes: true) { $0.isBatch = isBatch } }
    #expect(
      error?.category == .conflict && error?.reason.contains("it belongs to the model \(first)") == true,
      "\(error as Any)")
    #expect(error?.hint?.contains("--namespace") == true)
    #expect(try server.changes() == before)
    try server.kubectl("get", "namespaces")
    try await apply(two) { ($0.isBatch, $0.namespace) = (isBatch, "default") }
  }

  @Test("an object that now belongs to another model is not deleted")
  func lost() async throws {
    let one = try await version("1.0.0", Self.scaled)
    try await apply(one) { $0.target = .keda }
    try server.kubectl(
      "apply", "--server-side", "--force-conflicts", "--field-manager", "x", "-f", "-",
      input: """
        apiVersion: keda.sh/v1alpha1
        kind: ScaledObject
        metadata: {name: churn, namespace: scoring, annotations: {opz.dev/model: other@1.0.0}}
        """)
    let notes = try await apply(one, prunes: true)
    #expect(notes.contains("no longer in the manifests, and owned by other now: ScaledObject churn"))
    #expect(try server.names("scaledobjects") == ["churn"])
  }

  @Test("models that share a name in Kubernetes are reported when manifests are written")
  func namesakesAreNamed() async throws {
    _ = try await version("1.0.0", Self.scaled, of: "a-b")
    let two = try await version("1.0.0", Self.scaled, of: "a/b")
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/x"))
    let result = try await DeployVersion(two, request, in: project.session).manifests()
    #expect(result.remarks.contains { $0.hasPrefix("a-b and a/b have the same names in Kubernetes (a-b)") })
  }
}
