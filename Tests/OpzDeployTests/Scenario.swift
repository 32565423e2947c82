import OpzDeploy
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage

/// A plan with a name, that fixtures and oracles look at.
enum Scenario: String, CaseIterable, Sendable {
  /// opz-server, 2 to 10 replicas.
  case native
  /// Somebody's own server, one replica, in a namespace.
  case custom
  /// One replica, to many: an autoscaler without a disruption budget.
  case single
  /// Always three: a disruption budget without an autoscaler.
  case fixed
  /// A name, version and quantities that are awkward in YAML and as names.
  case awkward

  /// Those whose files are under Fixtures.
  static let golden: [Scenario] = [.native, .custom]

  static let digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

  var plan: DeploymentPlan {
    get throws {
      switch self {
      case .native: try Scenario.churn()
      case .custom:
        DeploymentPlan(
          model: "crm/churn_v2", version: "2.1.0", image: try Scenario.image("crm/churn_v2"), server: .custom,
          port: 9000,
          user: "1001", minReplicas: 1, maxReplicas: 1, cpu: try Quantity("2", key: "cpu"),
          memory: try Quantity("1Gi", key: "memory"), namespace: "scoring")
      case .single: try Scenario.churn { $0.minReplicas = 1 }
      case .fixed: try Scenario.churn { ($0.minReplicas, $0.maxReplicas) = (3, 3) }
      case .awkward:
        DeploymentPlan(
          model: "2024/" + String(repeating: "no_", count: 20) + "x", version: "1.0.0-rc.1+build.5",
          image: try Scenario.image("no/yes"),
          server: .native, port: 65535, user: "10:20", minReplicas: 2, maxReplicas: 1000,
          cpu: try Quantity("1e0", key: "cpu"),
          memory: try Quantity("0.5Gi", key: "memory"), cpuTarget: 90, namespace: "12")
      }
    }
  }

  /// The plan of most tests, with a change.
  static func churn(_ change: (inout DeploymentPlan) throws -> Void = { _ in }) throws -> DeploymentPlan {
    var plan = DeploymentPlan(
      model: "churn", version: "1.0.0", image: try image("team/churn"), server: .native,
      cpu: try Quantity("500m", key: "cpu"), memory: try Quantity("256Mi", key: "memory"))
    try change(&plan)
    return plan
  }

  static func image(_ repository: String) throws -> Reference {
    try Reference(parsing: "registry.example:5000/\(repository)@\(digest)")
  }

  /// A script or a directory of the fixtures.
  static func fixture(_ name: String) -> FilePath {
    PackageRoot.path(#filePath).appending("Tests/OpzDeployTests/Fixtures").appending(name)
  }

  /// Runs a script of the fixtures.
  static func python(_ script: String, _ arguments: [String], input: String = "") async throws -> ChildProcess.Output {
    try await blocking { try Python.run([fixture(script).string] + arguments, input: Array(input.utf8)) }
  }
}
