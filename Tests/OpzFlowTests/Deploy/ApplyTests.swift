import OpzDeploy
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

/// The real kubectl against the API server of `Tests/Kubernetes`.
@Suite("Objects are applied to a cluster")
struct ApplyTests {
  let project: Project
  let server: KubernetesServer

  init() throws {
    var project = try Project()
    server = try KubernetesServer()
    project.session.environment.merge(server.environment) { _, new in new }
    self.project = project
  }

  // MARK: Scenarios

  static let fixed = "replicas: {min: 4, max: 4}"
  static let scaled = "replicas: {min: 2, max: 9}"
  static let canary = "replicas: {min: 2, max: 9}, rollout: {strategy: canary, gateway: infra/public}"

  private func version(_ number: String, _ deploy: String, of name: String = "churn") async throws -> Registry.Version {
    try project.directory.write("p/weights.bin", "\(name) \(number)")
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: \(name)
      version: \(number)
      model: {path: weights.bin}
      runtime: {kind: custom, base: scratch, command: [/serve], expose: 9000}
      deploy: {\(deploy)}

      """)
    return try await project.package().version
  }

  @discardableResult
  private func apply(
    _ version: Registry.Version, prunes: Bool = false, seconds: Int? = nil,
    _ change: (inout DeployRequest) -> Void = { _ in }
  ) async throws -> [String] {
    var request = DeployRequest(repository: try Reference(parsing: "registry.example/crm/churn"))
    change(&request)
    let deploy = DeployVersion(version, request, in: project.session)
    let notes = Lines()
    try await deploy.apply(
      try await deploy.manifests(), try project.registry(), prunes: prunes, seconds: seconds, note: notes.add)
    return notes.lines
  }

  @discardableResult
  private func rollBack(prunes: Bool = false, seconds: Int? = nil) async throws -> String {
    let rollback = RollBackDeploy(try ModelName("churn"), in: project.session)
    let registry = try project.registry()
    let found = try await rollback.find(registry, applies: true)
    try await rollback.apply(found, registry, prunes: prunes, seconds: seconds)
    return found.version.record.version
  }

  private func deploys() throws -> [ModelState.Deploy] { try project.registry().state(ModelName("churn")).deploys }

  /// The field managers that own the number of pods of `churn`.
  private func owners() throws -> [String] {
    let value = try CanonicalJSON.decode(
      JSONValue.self, from: Array(try server.field("deployments/churn", ".metadata.managedFields").utf8),
      subject: "fields")
    guard case .array(let entries) = value else { return [] }
    return entries.compactMap { entry in
      guard case .object(let members) = entry, case .object(let fields)? = members["fieldsV1"],
        case .object(let spec)? = fields["f:spec"], spec["f:replicas"] != nil,
        case .string(let manager)? = members["manager"]
      else { return nil }
      return manager
    }
  }

  // MARK: The number of pods

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

  // MARK: The route

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
    try await apply(new, prunes: true) { ($0.beside, $0.weight) = (old, 10) }
    #expect(try server.field("httproutes/churn", ".spec.rules[0].backendRefs[*].weight") == "90 10")
    #expect(try server.replicas("churn-2-0-0") == [1, 2] && (try server.replicas("churn-1-0-0")).last == 8)
    #expect(try server.names("deployments") == ["churn-1-0-0", "churn-2-0-0"])
  }

  @Test(
    "when rollout is removed, there are as many new pods as old ones before the old ones are deleted",
    arguments: [true, false])
  func rolloutEnds(isSidedFirst: Bool) async throws {
    let one = try await version("1.0.0", isSidedFirst ? Self.canary : Self.scaled)
    let two = try await version("2.0.0", isSidedFirst ? Self.scaled : Self.canary)
    let (first, second) = isSidedFirst ? ("churn-1-0-0", "churn") : ("churn", "churn-2-0-0")
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
        details: ["place": .string("keda/-/prod"), "manifests": try JSONValue(encoding: blob.bare)])
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
  func namesakes(first: String, second: String) async throws {
    let deploy =
      "\(Self.scaled), schedules: [{name: refresh, cron: \"@daily\", command: [/r]}], batch: {command: [/s], schedule: \"@daily\"}"
    let one = try await version("1.0.0", deploy, of: first)
    let two = try await version("1.0.0", deploy, of: second)
    let isBatch = first == "a-score"
    try await apply(one)
    let before = try server.changes()
    let error = await #expect(throws: FlowError.self) { try await apply(two, prunes: true) { $0.isBatch = isBatch } }
    #expect(
      error?.category == .conflict && error?.reason.contains("it is of the model \(first)") == true, "\(error as Any)")
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

/// Collects notes.
private final class Lines: Sendable {
  private let kept = Mutex<[String]>([])
  var lines: [String] { kept.withLock { $0 } }
  var add: @Sendable (String) -> Void { { line in self.kept.withLock { $0.append(line) } } }
}
