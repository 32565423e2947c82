import OpzFlow
import OpzIO
import OpzTestKit
import Testing

@Suite("Applying to a cluster: the dry run, and deploys that fail")
struct ApplyFailureTests: ApplySuite {
  let project: Project
  let server: KubernetesServer

  init() throws {
    let scene = try ApplyScene()
    (project, server) = (scene.project, scene.server)
  }

  // MARK: The dry run

  @Test(
    "objects that the cluster would refuse are refused before anything is changed or recorded",
    arguments: [
      (#"{"faults": [{"status": 401, "message": "Unauthorized"}]}"#, ErrorCategory.network),
      (
        #"{"faults": [{"resource": "services", "status": 403, "message": "services \"churn\" is forbidden: User \"u\" cannot patch resource \"services\""}]}"#,
        .network
      ),
      (
        #"{"faults": [{"resource": "services", "status": 403, "message": "admission webhook \"p.example\" denied the request: no"}]}"#,
        .refused
      ),
      (
        #"{"faults": [{"resource": "services", "status": 422, "reason": "Invalid", "message": "Service \"churn\" is invalid"}]}"#,
        .failed
      ),
      (
        #"{"faults": [{"resource": "deployments", "status": 500, "message": "etcdserver: request timed out"}]}"#,
        .failed
      ),
      (#"{"missing": ["autoscaling"]}"#, .notFound),
    ])
  func refused(control: String, category: ErrorCategory) async throws {
    let version = try await version("1.0.0", Self.scaled)
    try server.control(control)
    let error = await #expect(throws: FlowError.self) { try await apply(version) }
    #expect(error?.category == category, "\(String(describing: error))")
    #expect(try server.changes() == [] && (try deploys()) == [])
    try server.control("{}")
    #expect(try server.names("services").isEmpty)
  }

  @Test("a missing namespace is named")
  func missingNamespace() async throws {
    let version = try await version("1.0.0", Self.scaled)
    let error = await #expect(throws: FlowError.self) { try await apply(version) { $0.namespace = "nowhere" } }
    #expect(error?.category == .notFound && error?.reason.contains("namespaces \"nowhere\" not found") == true)
    #expect(error?.hint?.contains("kubectl create namespace") == true)
  }

  @Test("a namespace that comes with the objects is applied first, and they are not asked of before")
  func newNamespace() async throws {
    let version = try await version("1.0.0", "\(Self.scaled), namespace: {name: fresh}")
    let notes = try await apply(version)
    let said = try #require(notes.first { $0.hasPrefix("not in the dry run, because this apply creates") })
    #expect(said.contains("Deployment fresh/churn") && !said.contains("Namespace fresh,"))
    #expect(try server.names("deployments", in: "fresh") == ["churn"])
    let again = try await apply(version)
    #expect(!again.contains { $0.hasPrefix("not in the dry run") })
    #expect(try deploys().map(\.place.text) == ["fresh", "fresh"])
  }

  @Test("objects whose webhook takes no dry run are applied all the same, and named")
  func silentWebhook() async throws {
    try server.control(
      #"{"faults": [{"resource": "services", "dryRun": true, "status": 400, "message": "admission webhook \"p.example\" does not support dry run"}]}"#
    )
    let notes = try await apply(try await version("1.0.0", Self.scaled))
    #expect(notes.contains("not in the dry run, because a webhook of the cluster does not support it: Service churn"))
    #expect(try server.names("services") == ["churn"] && (try deploys()).map(\.isWhole) == [true])
  }

  @Test("warnings of the cluster are passed on")
  func warnings() async throws {
    try server.control(#"{"warnings": {"deployments": "spec.template: too old"}}"#)
    let notes = try await apply(try await version("1.0.0", Self.scaled))
    #expect(notes.contains("Warning: spec.template: too old"))
  }

  // MARK: Partial failures

  @Test("a failed deploy is recorded as incomplete, and a rollback goes to the last complete one")
  func failed() async throws {
    let versions = [
      try await version("1.0.0", Self.scaled), try await version("1.1.0", Self.scaled),
      try await version("1.2.0", Self.scaled),
    ]
    try await apply(versions[0])
    try await apply(versions[1])
    try server.control(
      #"{"faults": [{"resource": "horizontalpodautoscalers", "verb": "PATCH", "dryRun": false, "status": 500, "message": "etcdserver: request timed out"}]}"#
    )
    let error = await #expect(throws: FlowError.self) { try await apply(versions[2]) }
    #expect(error?.category == .failed)
    #expect(error?.reason.contains("applied: serviceaccount/churn, deployment.apps/churn, service/churn") == true)
    #expect(error?.hint?.contains("opz rollback churn --deploy --apply") == true)
    #expect(try deploys().map(\.isWhole) == [true, true, false])
    // The rollback fails too: running it again goes to the same deploy.
    await #expect(throws: FlowError.self) { try await rollBack() }
    try server.control("{}")
    #expect(try await rollBack() == "1.1.0")
    #expect(try await rollBack() == "1.0.0")
    #expect(try deploys().map(\.isWhole) == [true, true, false, false, true, true])
    #expect(try server.field("deployments/churn", ".metadata.labels.app\\.kubernetes\\.io/version") == "1.0.0")
  }

  @Test("a deploy whose connection is lost after the change was made is incomplete")
  func cut() async throws {
    try await apply(try await version("1.0.0", Self.scaled))
    let new = try await version("1.1.0", Self.scaled)
    try server.control(#"{"faults": [{"resource": "services", "cut": true}]}"#)
    await #expect(throws: FlowError.self) { try await apply(new) }
    #expect(try deploys().map(\.isWhole) == [true, false])
  }
}
