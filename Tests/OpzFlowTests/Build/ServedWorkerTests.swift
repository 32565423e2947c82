import OpzArchive
import OpzDeploy
import OpzFlow
import OpzFormats
import OpzIO
import OpzInference
import OpzJSON
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@Suite("Images with opz-server in front of a worker")
struct ServedWorkerTests {
  /// A project on a base with placeholders for Python and glibc, and a static program for a server, which is not run.
  private static func project(
    _ runtime: String = "kind: python", _ more: String = "", mark: String = "\(RuntimeMark.text)"
  ) async throws -> Project {
    var project = try Project()
    try project.directory.write(
      "b/opz.yaml",
      "opz: 1\nname: base\nmodel: {path: m}\nruntime: {kind: custom, base: scratch, command: [python3], init: false}\nfiles: [{path: root, to: /}]\n"
    )
    try project.directory.write("b/m", "m")
    try project.directory.write("b/root/usr/bin/python3.11", "python", mode: 0o755)
    try project.directory.write(
      "b/root/lib/x86_64-linux-gnu/libc.so.6", "GNU C Library (Debian GLIBC) stable release version 2.36.\n")
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: project.session).run()
    try project.directory.write(
      "p/opz.yaml",
      "opz: 1\nname: iris\nmodel: {path: model.joblib}\nruntime: {\(runtime), base: \"oci:../base:1\"}\n\(more)\n")
    try project.directory.write("p/model.joblib", "a model")
    try project.directory.write("p/pylock.toml", "lock-version = \"1.0\"\ncreated-by = \"test\"\npackages = []\n")
    let program = project.directory.path.appending("server")
    try OutputFile.write(StaticPlaceholder.bytes(mark), to: program)
    project.session.environment["OPZ_SERVER"] = program.string
    _ = try await LockProject(project.path, update: false, in: project.session).run()
    return project
  }

  private func serve(_ version: Registry.Version, _ project: Project) async throws -> ServeSettings {
    let store = try project.registry().store
    let image = try await store.image(version.record.image)
    let stack = LayerStack(
      try image.layers.map { try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID) })
    return try ServeSettings(json: try stack.bytes("opt/opz/serve.json", limit: 1 << 20))
  }

  @Test("the server is the runtime's own layer, below the wheels; the settings join it with worker and model")
  func packaged() async throws {
    let project = try await Self.project(
      "kind: python", "serve: {loader: sklearn-joblib, workers: {count: 2, memory: 1Gi}}")
    let version = try await project.package().version
    let record = version.record
    #expect(record.layers.map(\.role) == ["runtime", "runtime", "server", "server", "model", "config"])
    let runtime = try await RuntimeImport.pinned(in: project.session)[0].image
    let store = try project.registry().store
    let server = try await store.image(runtime).layers
    #expect(server.map(\.descriptor.digest) == [record.layers[2].descriptor.digest])
    let image = try await store.image(record.image)
    let execution = try #require(image.config.config)
    #expect(execution.entrypoint == ["/opz-server", "--settings", "/opt/opz/serve.json"] && execution.cmd == nil)
    #expect(execution.stopSignal == "SIGTERM" && execution.exposedPorts?.keys.sorted() == ["8080/tcp"])
    #expect(execution.workingDir == "/" && execution.env?.contains("PYTHONUSERBASE=/opt/python") == true)
    let settings = try await serve(version, project)
    #expect(settings.name == "iris" && settings.version == nil && settings.model == "/models/model.joblib")
    #expect(settings.worker?.command == ["/usr/bin/env", "python3.11", "-m", "opz_worker"])
    #expect(settings.worker?.path == "/opt/opz/worker" && settings.worker?.loader == "sklearn-joblib")
    #expect(settings.worker?.code == nil && settings.worker?.predict == nil)
    #expect(settings.workers.count == 2 && settings.workers.memoryMB == 1024)
    #expect(record.runtime.kind == "python" && record.model?.format == "sklearn-joblib")
    #expect(record.files.map(\.path).contains("/opt/opz/worker/opz_worker/__main__.py"))
    #expect(try await project.package().existed)
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("Python and R: the settings have the contract, of what is written and of the training data")
  func contract() async throws {
    for runtime in ["kind: python", "kind: r"] {
      let project = try await Self.project(
        runtime, "serve: {contract: {x: {min: 0, then: clip}}}\nmonitor: {data: train.csv}")
      try project.directory.write("p/train.csv", "x,y\n1,a\n2,b\n")
      let contract = try #require(try await serve(project.package().version, project).contract)
      #expect(contract.columns.map(\.name) == ["x", "y"])
      #expect(contract.columns[0].least == .init(0, .clip))
      #expect(contract.columns[0].most == .init(2, .flag, from: .profile))
      #expect(contract.columns[1].categories == .init(["a", "b"], .flag, from: .profile))
    }
  }

  @Test("a runtime that knows no contract is refused, since its server would not start")
  func olderThanContracts() async throws {
    let mark = "opz-runtime-reads:xgboost-json;graph=1;workers=1;"
    let project = try await Self.project("kind: python", "serve: {contract: {}}", mark: mark)
    let error = await #expect(throws: FlowError.self) { try await project.package() }
    #expect(error?.reason == "the pinned runtime is older than contracts")
    let without = try await Self.project("kind: python", "", mark: mark)
    _ = try await without.package()
  }

  @Test("a changed model is a new model layer and nothing else")
  func modelChange() async throws {
    let project = try await Self.project()
    let one = try await project.package().version.record
    try project.directory.write("p/model.joblib", "another model")
    let plan = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    #expect(plan.layers.filter { $0.state == .built }.map(\.role) == ["model"])
    #expect(plan.layers.filter { $0.role == "server" }.map(\.state) == [.reused, .reused])
    let two = try await project.package().version.record
    let changed = zip(one.layers, two.layers).filter { $0.descriptor != $1.descriptor }.map(\.0.role)
    #expect(changed == ["model"])
  }

  @Test("predict.py and a model directory are where the settings say")
  func code() async throws {
    let project = try await Self.project("kind: python", "code: [predict.py]")
    try project.directory.write("p/predict.py", "def predict(frame): return frame\n")
    try Durable.remove(project.path.appending("model.joblib"))
    try project.directory.write("p/model.joblib/weights.bin", "w")
    let version = try await project.package().version
    let settings = try await serve(version, project)
    #expect(
      settings.model == "/models" && settings.worker?.code == "/app" && settings.worker?.predict == "/app/predict.py")
    let image = try await project.registry().store.image(version.record.image)
    #expect(image.config.config?.workingDir == "/app")
  }

  @Test("R: the same server, the worker's page of R")
  func r() async throws {
    let project = try await Self.project("kind: r", "serve: {loader: rds, limits: {requests: 8, body: 1Mi}}")
    let version = try await project.package().version
    let settings = try await serve(version, project)
    #expect(settings.worker?.kind == .r)
    #expect(settings.worker?.command == ["/usr/bin/env", "Rscript", "--vanilla", "/opt/opz/worker/worker.R"])
    let environment = try await project.registry().store.image(version.record.image).config.config?.env ?? []
    #expect(environment.contains("OPZ_MAX_REQUESTS=8") && environment.contains("OPZ_MAX_BODY_BYTES=1048576"))
    #expect(
      !environment.contains { $0.hasPrefix("PYTHON") }
        && version.record.files.contains { $0.path == "/opt/opz/worker/worker.R" })
  }

  @Test("a runtime from before workers is refused by name")
  func older() async throws {
    let project = try await Self.project(mark: "opz-runtime-reads:xgboost-json;graph=1;")
    let error = await #expect(throws: FlowError.self) { try await project.package() }
    #expect(error?.category == .conflict && error?.hint?.hasPrefix("opz runtime import ") == true)
    #expect(try project.registry().models().map(\.description) == ["base"])
  }

  @Test("deploys: the server's own probes, drain and metrics, for each target", arguments: DeployTarget.allCases)
  func deployed(target: DeployTarget) async throws {
    let project = try await Self.project()
    let version = try await project.package().version
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/iris"), target: target)
    let deploy = DeployVersion(version, request, in: project.session)
    let before = try await deploy.manifests()
    #expect(before.stream.contains("path: /v2/health/ready") && !before.stream.contains("tcpSocket"))
    #expect(before.stream.contains("name: OPZ_DRAIN_SECONDS") && before.stream.contains("containerPort: 8080"))
    #expect(before.stream.contains("memory: \"960Mi\"") && !before.stream.contains("256Mi"))
    try deploy.requireNoLintErrors(before)
    let tested: [String: JSONValue] = ["readyMilliseconds": .integer(2000), "memoryBytes": .integer(600 << 20)]
    try project.registry().note(.tested, version, by: project.session.author, details: tested)
    let after = try await deploy.manifests()
    #expect(after.stream.contains("memory: \"1088Mi\"") && after.stream.contains("opz test measured 2000 ms"))
  }

  @Test("deploys: limits, workers and load time of opz.yaml are in memory, alerts and probes")
  func deployedLimits() async throws {
    let project = try await Self.project(
      "kind: python",
      """
      serve: {limits: {requests: 8, body: 1Mi}, workers: {count: 3, memory: 1Gi, startSeconds: 900}}
      deploy: {monitoring: {enabled: true}}
      """)
    let version = try await project.package().version
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/iris"), target: .kubernetes)
    let deploy = DeployVersion(version, request, in: project.session)
    let stream = try await deploy.manifests().stream
    // Three workers of a GiB are 90% of it.
    #expect(stream.contains("memory: \"3456Mi\""), "\(stream)")
    #expect(stream.contains("failureThreshold: 910") && stream.contains("it refuses above 8."))
    // The server loads for as long on a cold disk, whatever the test took.
    let tested: [String: JSONValue] = ["readyMilliseconds": .integer(2000), "memoryBytes": .integer(4 << 30)]
    try project.registry().note(.tested, version, by: project.session.author, details: tested)
    let after = try await deploy.manifests().stream
    #expect(after.contains("failureThreshold: 910") && after.contains("memory: \"6208Mi\""))
  }

  @Test("opz serve of the project: the worker's program and settings for this machine")
  func local() async throws {
    var project = try await Self.project("kind: python", "code: [predict.py]\nserve: {loader: predict}")
    try project.directory.write("p/predict.py", "def predict(frame): return frame\n")
    #expect(try ServeProject.isServed(project.path, in: project.session))
    let prepared = try await ServeProject(project.path, python: "/usr/bin/python3", in: project.session).prepare()
    defer { try? Durable.removeTree(prepared.temporary) }
    #expect(prepared.arguments.first == "--settings")
    let file = FilePath(prepared.arguments.last ?? "")
    let settings = try ServeSettings(json: try FileBlob(file).bytes())
    let worker = try #require(settings.worker)
    #expect(
      settings.model == "\(project.path)/model.joblib" && worker.command == ["/usr/bin/python3", "-m", "opz_worker"])
    #expect(worker.code == project.path.string && worker.predict == "\(project.path)/predict.py")
    let program = FilePath(try #require(worker.path)).appending("opz_worker/__main__.py")
    #expect(try FileStatus.of(program).kind == .file)
    #expect(!prepared.watched.isChanged)
    try project.directory.write("p/predict.py", "def predict(frame): return 2 * frame\n")
    #expect(prepared.watched.isChanged && !prepared.watched.renewed.isChanged)
    project.session.environment["PATH"] = "/nowhere"
    let error = await #expect(throws: FlowError.self) {
      _ = try await ServeProject(project.path, in: project.session).prepare()
    }
    #expect(error?.category == .notFound && error?.hint?.contains("--python") == true)
  }

  @Test("opz serve of the project has the environment and the limits that the image has")
  func localEnvironment() async throws {
    var project = try await Self.project(
      "kind: python",
      "env: {THRESHOLD: \"0.7\", PATH: /image}\nserve: {loader: sklearn-joblib, limits: {requests: 7, body: 2Mi}}")
    project.session.environment["THRESHOLD"] = "0.1"
    let prepared = try await ServeProject(project.path, python: "/usr/bin/python3", in: project.session).prepare()
    defer { try? Durable.removeTree(prepared.temporary) }
    let version = try await project.package().version
    let image = try await project.registry().store.image(version.record.image).config.config?.env ?? []
    for wanted in ["THRESHOLD=0.7", "OPZ_MAX_REQUESTS=7", "OPZ_MAX_BODY_BYTES=2097152"] {
      #expect(prepared.environment.contains(wanted) && image.contains(wanted), "\(wanted)")
    }
    #expect(!prepared.environment.contains("PATH=/image") && !prepared.environment.contains("THRESHOLD=0.1"))
  }

  @Test("opz serve of a project whose opz.yaml is invalid says so, and does not look for a model beside it")
  func invalid() throws {
    let project = try Project()
    try project.directory.write("p/opz.yaml", "opz: 1\nname: iris\nmodel: {path: m}\nruntime: {kind: pythom}\n")
    #expect(throws: ConfigError.self) { try ServeProject.isServed(project.path, in: project.session) }
    #expect(try !ServeProject.isServed(project.path.appending("nothing"), in: project.session))
    #expect(try !ServeProject.isServed(project.path.appending("opz.yaml"), in: project.session))
  }

  @Test("the loaders of opz.yaml are those of the workers")
  func loaders() {
    #expect(ServeSection.Loader.allCases.map(\.rawValue) == WorkerLoader.allCases.map(\.rawValue))
  }

  @Test("docker build of the generated Dockerfile gives the same files, owners and settings")
  func dockerfile() async throws {
    let project = try await Self.project("kind: python", "code: [predict.py]")
    try project.directory.write("p/predict.py", "def predict(frame): return frame\n")
    let version = try await project.package {
      $0.outputs = ["docker-archive:ours.tar"]
      $0.tags = ["ours"]
    }.version
    let tree = try await DockerComparison.check(version, of: project)
    #expect(tree["opz-server"]?.mode == 0o755 && tree["opt/opz/serve.json"]?.mode == 0o644)
  }
}

/// A program as far as packaging looks at one.
enum StaticPlaceholder {
  /// The header of a 64-bit ELF file for this machine, with one program header that is no interpreter, and a text.
  static func bytes(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + Array(repeating: 0, count: 58)
    bytes[18] = Platform.host.architecture == "arm64" ? 183 : 62
    (bytes[32], bytes[54], bytes[56]) = (64, 56, 1)
    return bytes + [1] + Array(repeating: 0, count: 55) + Array(text.utf8)
  }
}
