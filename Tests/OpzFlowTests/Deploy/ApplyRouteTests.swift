import OpzFlow
import OpzIO
import OpzTestKit
import Testing

@Suite("Applying to a cluster: the route between two versions")
struct ApplyRouteTests: ApplySuite {
  let project: Project
  let server: KubernetesServer

  init() throws {
    let scene = try ApplyScene()
    (project, server) = (scene.project, scene.server)
  }

  @Test("requests go to a new version when its pods are ready, and the old pods are deleted last")
  func rollout() async throws {
    let (old, new) = (try await version("1.0.0", Self.canary), try await version("2.0.0", Self.canary))
    try await apply(old)
    try server.control(#"{"readyAfter": 6, "load": {"churn-1-0-0": 5}}"#)
    let before = try server.changes().count
    let notes = try await apply(new, prunes: true)
    #expect(notes.contains { $0.hasPrefix("waiting up to ") && $0.hasSuffix("Deployment churn-2-0-0") })
    let changes = Array(try server.changes().dropFirst(before))
    let route = try #require(changes.firstIndex(of: "PATCH opz httproutes/churn"))
    #expect(changes[..<route].allSatisfy { !$0.hasPrefix("DELETE") })
    #expect(changes[(route + 1)...].allSatisfy { $0.hasPrefix("DELETE") } && changes.count > route + 1)
    #expect(try server.field("httproutes/churn", ".spec.rules[0].backendRefs[0].name") == "churn-2-0-0")
    // It starts with as many pods as were serving, not with one.
    #expect(try server.replicas("churn-2-0-0") == [1, 5])
    #expect(try server.names("deployments") == ["churn-2-0-0"])
  }

  @Test(
    "if the new pods never become ready, requests stay where they are and nothing is deleted", arguments: [true, false])
  func neverReady(byRollback: Bool) async throws {
    let (old, new) = (try await version("1.0.0", Self.canary), try await version("2.0.0", Self.canary))
    try await apply(byRollback ? new : old)
    if byRollback {
      try await apply(old, prunes: true)
      // The version to go back to is deleted, and its pods do not become ready again.
      #expect(try server.names("deployments") == ["churn-1-0-0"])
    }
    let routed = try server.field("httproutes/churn", ".spec.rules[0].backendRefs[*].name")
    let names = try server.names("deployments")
    try server.control(#"{"readyAfter": null}"#)
    let error = await #expect(throws: FlowError.self) {
      if byRollback {
        try await rollBack(prunes: true, seconds: 1)
      } else {
        try await apply(new, prunes: true, seconds: 1)
      }
    }
    #expect(error?.category == .failed && error?.reason.contains("was not switched and nothing was deleted") == true)
    #expect(error?.hint?.contains("opz rollback churn --deploy --apply") == true)
    #expect(try server.field("httproutes/churn", ".spec.rules[0].backendRefs[*].name") == routed)
    #expect(Set(names).isSubset(of: Set(try server.names("deployments"))))
    #expect(try !server.changes().contains { $0.hasPrefix("DELETE") && !byRollback })
    #expect(try deploys().last?.isWhole == false)
  }

  @Test("a canary is waited for too, and starts with its minimum number of pods")
  func beside() async throws {
    let (old, new) = (try await version("1.0.0", Self.canary), try await version("2.0.0", Self.canary))
    try await apply(old)
    try server.control(#"{"load": {"churn-1-0-0": 8}}"#)
    try await apply(new, prunes: true) { ($0.alongside, $0.weight) = (old, 10) }
    #expect(try server.field("httproutes/churn", ".spec.rules[0].backendRefs[*].weight") == "90 10")
    #expect(try server.replicas("churn-2-0-0") == [1, 2] && (try server.replicas("churn-1-0-0")).last == 8)
    #expect(try server.names("deployments") == ["churn-1-0-0", "churn-2-0-0"])
  }

  @Test(
    "when rollout is removed, there are as many new pods as old ones before the old ones are deleted",
    arguments: [true, false])
  func rolloutEnds(startsSideBySide: Bool) async throws {
    let one = try await version("1.0.0", startsSideBySide ? Self.canary : Self.scaled)
    let two = try await version("2.0.0", startsSideBySide ? Self.scaled : Self.canary)
    let (first, second) = startsSideBySide ? ("churn-1-0-0", "churn") : ("churn", "churn-2-0-0")
    try await apply(one)
    try server.control(#"{"readyAfter": 4, "load": {"\#(first)": 6}}"#)
    try await apply(two, prunes: true)
    #expect(try server.replicas(second) == [1, 6])
    #expect(try server.names("deployments") == [second])
    // The pods existed before anything was deleted.
    let changes = try server.changes()
    let held = try #require(changes.lastIndex(of: "PATCH opz-handover deployments/\(second)"))
    #expect(try #require(changes.firstIndex { $0.hasPrefix("DELETE") }) > held)
  }
}
