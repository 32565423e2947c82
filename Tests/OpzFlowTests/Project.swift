import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

/// A project and a registry in a directory of the test's own.
struct Project {
  let directory: TemporaryDirectory
  var session: Session

  init() throws {
    directory = try TemporaryDirectory()
    session = Session(
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": directory.path.string, "USER": "tester"],
      directory: directory.path, registry: "registry", tool: "opz test")
  }

  /// A model without a runtime: `weights.bin` and `config.json`.
  static func model(_ content: String = "weights", yaml extra: String = "") throws -> Project {
    let project = try Project()
    try project.directory.write("p/weights.bin", content)
    try project.directory.write("p/lib/code.py", "print()\n", mode: 0o755)
    try project.directory.write("p/config.json", "{}\n")
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: crm/weights
      model: {path: weights.bin}
      runtime: {kind: model}
      code: [lib]
      config: [config.json]
      \(extra)

      """)
    return project
  }

  /// The churn example with the real server.
  static func churn() throws -> Project {
    var project = try Project()
    let source = PackageRoot.path(#filePath).appending("examples/churn")
    for name in [
      "opz.yaml", "model.json", "holdout.csv", "expected.csv", "requests.jsonl", "metrics.json", "data/churn.csv",
    ] {
      let text = String(decoding: try FileBlob(source.appending(name)).bytes(), as: UTF8.self)
      try project.directory.write("p/\(name)", text)
    }
    project.session.environment["OPZ_SERVER"] = try BuiltPrograms.server().string
    return project
  }

  var path: FilePath { directory.path.appending("p") }

  func package(_ change: (inout PackageRequest) -> Void = { _ in }) async throws -> PackageProject.Result {
    var request = PackageRequest(project: path)
    change(&request)
    return try await PackageProject(request, in: session).run()
  }

  func registry() throws -> Registry { try session.openRegistry() }
}

/// Collects how each item of a transfer ended.
final class Outcomes: ProgressSink {
  private let ended = Mutex<[(item: String, outcome: ProgressOutcome)]>([])

  func report(_ event: ProgressEvent) {
    if case .finished(let item, let outcome) = event { ended.withLock { $0.append((item, outcome)) } }
  }

  func items(_ outcome: ProgressOutcome) -> Set<String> {
    Set(ended.withLock { $0 }.filter { $0.outcome == outcome }.map(\.item))
  }
}
