import OpzFlow
import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import OpzProject
import OpzRegistry
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@Suite("From a directory that holds only a model to an answering container")
struct WalkTests {
  /// The base with a real Python, and wheels that uv finds without an index.
  private func project() async throws -> Project {
    var project = try Project()
    try await PythonBase.write(to: project.directory.path.appending("base"), tag: "3.11")
    try Durable.makeDirectory(project.path)
    let copied = try ChildProcess.run(
      ["cp", "-r", PythonBase.wheels().string, project.path.appending("wheels").string])
    try #require(copied.status == 0, "\(copied.errorText)")
    try project.directory.write("p/uv.toml", "find-links = [\"wheels\"]\nno-index = true\n")
    project.session.environment["OPZ_UV"] = Python.interpreter().removingLastComponent().appending("uv").string
    project.session.environment["OPZ_SERVER"] = try BuiltPrograms.server().string
    return project
  }

  /// Runs init, lock and package, as `opz` does one after the other. No file is written by hand.
  private func walk(_ project: Project) async throws -> PackageProject.Result {
    _ = try await StartProject(project.path, base: "oci:../base:3.11", in: project.session).run()
    _ = try await LockProject(project.path, update: false, in: project.session).run()
    try await LockProject(project.path, in: project.session).check()
    return try await project.package {
      $0.test = true
      $0.outputs = ["docker-archive:image.tar"]
      $0.tags = ["walk-\(project.path.bytes.hashValue.magnitude)"]
    }
  }

  @Test("scikit-learn's joblib: tested before it is recorded, answers as the library, deployed, run in a container")
  func scikitLearn() async throws {
    let project = try await project()
    let train = PackageRoot.path(#filePath).appending("examples/iris/train.py")
    let trained = try Python.run([train.string, project.path.string])
    try #require(trained.status == 0, "\(trained.errorText)")
    let version = try await walk(project).version
    #expect(version.record.tests.map(\.name) == ["holdout.csv", "expected.csv"])

    let report = try await TestVersion.run(version, in: project.session)
    try report.requireSuccess("iris")
    #expect(report.checks.map(\.values) == [30 * 4] && (report.memoryBytes ?? 0) > 20 << 20)
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/iris"))
    let manifests = try await DeployVersion(version, request, in: project.session).manifests()
    #expect(manifests.stream.contains("opz test measured"))

    let engine = try PodmanEngine()
    let image = try engine.load(project.directory.path.appending("image.tar"))
    defer { engine.remove(image) }
    let port = try LoopbackListener.freePort()
    let container = try engine.start(
      image, ["/opz-server", "--settings", "/opt/opz/serve.json", "--host", "127.0.0.1", "--port", "\(port)"])
    defer { container.stop() }
    try container.waitForOutput("\"ready\"")
    let row: [Double] = [5.1, 3.5, 1.4, 0.2]
    let inputs = row.enumerated().map { number, value in
      JSONValue.object([
        "name": .string("f\(number)"), "datatype": .string("FP64"), "shape": .array([.integer(1)]),
        "data": .array([.number(value)]),
      ])
    }
    let answer = try await ServiceClient(port: Int(port), userAgent: "test").post(
      "/v2/models/p/infer", try CanonicalJSON.encode(JSONValue.object(["inputs": .array(inputs)])))
    let body = String(decoding: answer.body, as: UTF8.self)
    #expect(answer.status == 200 && body.contains("\"prediction\"") && body.contains("\"data\":[0]"), "\(body)")
  }

  @Test("models that opz-server scores: no Python, and the library's numbers", arguments: ["wine", "diabetes"])
  func native(example: String) async throws {
    var project = try Project()
    project.session.environment["OPZ_SERVER"] = try BuiltPrograms.server().string
    let source = PackageRoot.path(#filePath).appending("examples").appending(example)
    try #require(try ChildProcess.run(["cp", "-r", source.string, project.path.string]).status == 0)
    _ = try await StartProject(project.path, in: project.session).run()
    _ = try await LockProject(project.path, update: false, in: project.session).run()
    let version = try await project.package { $0.test = true }.version
    #expect(version.record.tests.map(\.name) == ["holdout.csv", "expected.csv"])
    let report = try await TestVersion.run(version, in: project.session)
    try report.requireSuccess(example)
    #expect(report.checks.map(\.values) == [40 * (example == "wine" ? 3 : 1)])
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/\(example)"))
    #expect(
      try await DeployVersion(version, request, in: project.session).manifests().stream.contains("kind: Deployment"))
  }

  @Test("an image that cannot start, or answers otherwise than expected, is not recorded")
  func refused() async throws {
    let project = try await project()
    let train = PackageRoot.path(#filePath).appending("examples/iris/train.py")
    try #require(try Python.run([train.string, project.path.string]).status == 0)
    let expected = project.path.appending("expected.csv")
    let right = String(decoding: try FileBlob(expected).bytes(), as: UTF8.self)
    try Durable.replace(expected, with: Array(right.replacing("\n0,", with: "\n2,").utf8))
    let other = await #expect(throws: FlowError.self) { _ = try await walk(project) }
    #expect(
      other?.category == .verification && other?.reason.contains("prediction") == true, "\(other?.description ?? "")")
    try Durable.replace(expected, with: Array(right.utf8))
    // A pickle of a class that no module has.
    let broken = try Python.run([
      "-c", "import sys; open(sys.argv[1], 'wb').write(b'\\x80\\x02csklearn.linear_model\\nNoSuchModel\\n.')",
      project.path.appending("model.joblib").string,
    ])
    try #require(broken.status == 0)
    let dead = await #expect(throws: FlowError.self) {
      _ = try await project.package {
        $0.test = true
        $0.overrides = ["test.wait=60"]
      }
    }
    #expect(
      dead?.category == .verification && dead?.reason.contains("NoSuchModel") == true, "\(dead?.description ?? "")")
    #expect(try project.registry().models().isEmpty)
  }

  @Test(
    "no step sends the user in a circle: after init, each error's hint is the next step and not the last one",
    arguments: StartProjectTests.cases.map(\.model))
  func hints(model: ModelDirectory) async throws {
    var project = try Project()
    try model.write(to: project.path)
    project.session.environment["OPZ_UV"] = "/nowhere/uv"
    let session = project.session
    func failure(_ step: () async throws -> Void) async -> (any ExplainedError)? {
      do {
        try await step()
        return nil
      } catch { return error as? any ExplainedError }
    }
    // Before init, every command that needs opz.yaml names init, except where MLmodel stands in for it.
    let isProject = try MLflowModel(in: project.path) != nil
    if !isProject {
      let before = await failure { _ = try await LockProject(project.path, update: false, in: session).run() }
      #expect(before?.hint?.contains("opz init") == true, "\(model): \(before.map { "\($0)" } ?? "")")
    }
    _ = try await StartProject(project.path, base: "scratch", in: session).run()
    for step in [
      { try await LockProject(project.path, in: session).check() },
      { _ = try await PlanProject(PackageRequest(project: project.path), in: session).run() },
      { _ = try await project.package() },
    ] as [() async throws -> Void] {
      guard let error = await failure(step) else { continue }
      #expect(error.hint?.contains("opz init") != true, "\(model): \(error)")
    }
  }
}
