import OpzDeploy
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit
import Testing

@Suite("Applying to a cluster: the number of pods")
struct ApplyReplicasTests: ApplySuite {
  let project: Project
  let server: KubernetesServer

  init() throws {
    let scene = try ApplyScene()
    (project, server) = (scene.project, scene.server)
  }

  @Test("changing from fixed replicas to an autoscaler stops no pod", arguments: [DeployTarget.kubernetes, .keda])
  func toAutoscaler(target: DeployTarget) async throws {
    let (old, new) = (try await version("1.0.0", Self.fixed), try await version("1.1.0", Self.scaled))
    try await apply(old) { $0.target = target }
    #expect(try owners() == ["opz"])
    try await apply(new) { $0.target = target }
    #expect(try server.replicas("churn") == [4])
    // Until the autoscaler sets it, only opz-handover owns the number: without an owner, it would become one.
    #expect(try owners() == ["opz-handover"])
    try server.control(#"{"load": {"churn": 7}}"#)
    #expect(try server.field("deployments/churn", ".spec.replicas") == "7")
    #expect(try owners() == ["kube-controller-manager"])
    try await apply(new) { $0.target = target }
    #expect(try server.replicas("churn") == [4, 7])
  }

  @Test(
    "changing from an autoscaler to fixed replicas deletes the autoscaler first",
    arguments: [DeployTarget.kubernetes, .keda], [true, false])
  func fromAutoscaler(target: DeployTarget, busy: Bool) async throws {
    let (old, new) = (try await version("1.0.0", Self.scaled), try await version("1.1.0", Self.fixed))
    try await apply(old) { $0.target = target }
    if busy { try server.control(#"{"load": {"churn": 7}}"#) }
    let before = try server.changes().count
    let error = await #expect(throws: FlowError.self) { try await apply(new) { $0.target = target } }
    #expect(error?.category == .conflict && error?.hint?.contains("--prune") == true)
    #expect(try server.changes().count == before && (try deploys()).count == 1)

    try await apply(new, prunes: true) { $0.target = target }
    #expect(try server.field("deployments/churn", ".spec.replicas") == "4")
    #expect(try owners() == ["opz"])
    let changes = try server.changes().dropFirst(before)
    #expect(
      changes.first?.hasPrefix("DELETE") == true && changes.dropFirst().first == "PATCH opz-handover deployments/churn")
    try server.control("{}")
    try await apply(new, prunes: true) { $0.target = target }
    #expect(try server.replicas("churn").last == 4)
  }

  @Test("a rollback hands over the number of pods too, in both directions")
  func rollBackHandsOver() async throws {
    let (one, two) = (try await version("1.0.0", Self.scaled), try await version("1.1.0", Self.fixed))
    try await apply(one)
    try server.control(#"{"load": {"churn": 6}}"#)
    try await apply(two, prunes: true)
    #expect(try await rollBack() == "1.0.0")
    #expect(try server.field("deployments/churn", ".spec.replicas") == "6")
    try server.control("{}")
    try await apply(two, prunes: true)
    try await apply(one)
    try server.control(#"{"load": {"churn": 8}}"#)
    #expect(try await rollBack(prunes: true) == "1.1.0")
    #expect(try server.field("deployments/churn", ".spec.replicas") == "4")
    #expect(try server.names("hpa.autoscaling").isEmpty || (try server.names("horizontalpodautoscalers")).isEmpty)
    #expect(try server.replicas("churn").dropFirst().allSatisfy { $0 > 1 })
  }

  @Test("objects from kubectl's client-side apply are taken over without losing a pod")
  func clientSide() async throws {
    let version = try await version("1.0.0", Self.fixed)
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/crm/churn"))
    let written = try await DeployVersion(version, request, in: project.session).manifests()
    let result = try server.kubectl("apply", "-f", "-", input: written.stream)
    #expect(result.status == 0, "\(result.errorText)")
    #expect(try owners() == ["kubectl-client-side-apply"])
    let scaled = written.stream.replacing("  replicas: 4\n", with: "")
    try await ApplyDeploy(version, scaled, place: written.place, in: project.session).run(project.registry()) { _ in }
    #expect(try server.replicas("churn") == [4])
  }

  @Test("a number of pods that a person set stays the person's")
  func scaledByHand() async throws {
    let version = try await version("1.0.0", Self.fixed)
    try await apply(version)
    try server.kubectl("scale", "deployments/churn", "-n", "scoring", "--replicas", "5")
    let before = try server.changes()
    let error = await #expect(throws: FlowError.self) { try await apply(version) }
    #expect(error?.category == .conflict && error?.subject == "Deployment churn")
    #expect(error?.reason.contains(".spec.replicas") == true && error?.reason.contains("nothing was applied") == true)
    #expect(try server.changes() == before && (try deploys()).count == 1)
  }
}
