import OpzFlow
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import Synchronization

/// A project, and the API server of `Tests/Kubernetes` to which the real kubectl applies its objects.
protocol ApplySuite {
  var project: Project { get }
  var server: KubernetesServer { get }
}

/// What a suite of `ApplySuite` starts with.
struct ApplyScene {
  let project: Project
  let server: KubernetesServer

  init() throws {
    var project = try Project()
    server = try KubernetesServer()
    project.session.environment.merge(server.environment) { _, new in new }
    self.project = project
  }
}

extension ApplySuite {
  static var fixed: String { "replicas: {min: 4, max: 4}" }
  static var scaled: String { "replicas: {min: 2, max: 9}" }
  static var canary: String { "replicas: {min: 2, max: 9}, rollout: {strategy: canary, gateway: infra/public}" }

  func version(_ number: String, _ deploy: String, of name: String = "churn") async throws -> Registry.Version {
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
  func apply(
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
  func rollBack(prunes: Bool = false, seconds: Int? = nil) async throws -> String {
    let rollback = RollBackDeploy(try ModelName("churn"), in: project.session)
    let registry = try project.registry()
    let found = try await rollback.find(registry, applies: true)
    try await rollback.apply(found, registry, prunes: prunes, seconds: seconds)
    return found.version.record.version
  }

  func deploys() throws -> [ModelState.Deploy] { try project.registry().state(ModelName("churn")).deploys }

  /// The field managers that own the number of pods of `churn`.
  func owners() throws -> [String] {
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
}

/// Collects notes.
private final class Lines: Sendable {
  private let kept = Mutex<[String]>([])
  var lines: [String] { kept.withLock { $0 } }
  var add: @Sendable (String) -> Void { { line in self.kept.withLock { $0.append(line) } } }
}
