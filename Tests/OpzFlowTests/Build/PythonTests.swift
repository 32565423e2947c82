import OpzFlow
import OpzFormats
import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import OpzPython
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Python images from hand-made wheels")
struct PythonPackageTests {
  /// A project on a base with placeholders for what opz looks for: a Python and a glibc.
  private func project(python: String = "3.11", glibc: String = "2.36", platforms: String = "[linux/amd64]")
    async throws -> Project
  {
    let project = try Project()
    try project.directory.write(
      "b/opz.yaml",
      "opz: 1\nname: base\nmodel: {path: m}\nplatforms: \(platforms)\nruntime: {kind: custom, base: scratch, command: [python3], init: false}\nfiles: [{path: root, to: /}]\n"
    )
    try project.directory.write("b/m", "m")
    try project.directory.write("b/root/usr/bin/python\(python)", "python", mode: 0o755)
    try project.directory.write(
      "b/root/lib/x86_64-linux-gnu/libc.so.6", "GNU C Library (Debian GLIBC) stable release version \(glibc).\n")
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: project.session).run()
    try project.directory.write(
      "p/opz.yaml",
      "opz: 1\nname: py\nmodel: {path: m.bin}\nplatforms: \(platforms)\nruntime: {kind: python, base: \"oci:../base:1\", command: [python3, /app/serve.py]}\ncode: [serve.py]\n"
    )
    try project.directory.write("p/m.bin", "m")
    try project.directory.write("p/serve.py", "print()")
    return project
  }

  /// Makes a wheel in the project and returns its line of the lock.
  private func wheel(_ project: Project, _ name: String, requires: String = "", tag: String = "py3-none-any") throws
    -> String
  {
    let script = """
      import base64, hashlib, sys, zipfile
      name, requires, tag, out = sys.argv[1:]
      files = {f"{name}/__init__.py": b"x = 1\\n", f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n{requires}\\n".encode(),
        f"{name}-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: {tag}\\n".encode(),
        f"{name}-1.0.dist-info/entry_points.txt": f"[console_scripts]\\n{name}-run = {name}:main\\n".encode()}
      record = "".join(f"{p},sha256={base64.urlsafe_b64encode(hashlib.sha256(c).digest()).decode().rstrip('=')},{len(c)}\\n" for p, c in files.items())
      with zipfile.ZipFile(out, "w") as z:
        for p, c in files.items(): z.writestr(zipfile.ZipInfo(p), c)
        z.writestr(zipfile.ZipInfo(f"{name}-1.0.dist-info/RECORD"), record + f"{name}-1.0.dist-info/RECORD,,\\n")
      """
    let file = "\(name)-1.0-\(tag).whl"
    let path = project.path.appending("wheels/\(file)")
    try Durable.makeDirectory(path.removingLastComponent())
    let made = try Python.run(["-c", script, name, requires, tag, path.string])
    try #require(made.status == 0, "\(made.errorText)")
    let hash = Digest.of(try FileBlob(path).bytes()).hex
    return
      "[[packages]]\nname = \"\(name)\"\nversion = \"1.0\"\nwheels = [{ path = \"wheels/\(file)\", hashes = { sha256 = \"\(hash)\" } }]\n"
  }

  private func lock(_ project: Project, _ packages: [String], name: String = "pylock.toml") throws {
    try project.directory.write("p/\(name)", "lock-version = \"1.0\"\ncreated-by = \"test\"\n" + packages.joined())
  }

  private func opzLock(_ project: Project) async throws {
    _ = try await LockProject(project.path, update: false, in: project.session).run()
  }

  @Test("locked wheels become layers on the base; the configuration makes Python find them; the record names them")
  func packaged() async throws {
    let project = try await project()
    try lock(project, [try wheel(project, "greet", requires: "Requires-Dist: other"), try wheel(project, "other")])
    try await opzLock(project)
    let version = try await project.package { $0.outputs = ["oci:layout:1"] }.version
    let record = version.record
    #expect(record.layers.map(\.role).contains("environment"))
    // If this digest changes, the layout of installed wheels has changed: CHANGELOG.md must say so.
    #expect(record.content.description == "sha256:08f7b88db3a6f2204baefa3f296594cafb5cb390df9f4116982088670ffda4c4")
    #expect(record.packages?.map(\.name) == ["greet", "other"] && record.packages?[0].platform == "linux/amd64")
    let execution = try await project.registry().store.image(record.image).config.config
    #expect(execution?.env?.contains("PYTHONUSERBASE=/opt/python") == true)
    #expect(execution?.env?.first { $0.hasPrefix("PATH=") }?.hasPrefix("PATH=/opt/python/bin:") == true)
    let unpacked = try ChildProcess.run([
      "umoci", "raw", "unpack", "--rootless", "--image", "\(project.directory.path)/layout:1",
      "\(project.directory.path)/out",
    ])
    try #require(unpacked.status == 0, "\(unpacked.errorText)")
    let site = project.directory.path.appending("out/opt/python/lib/python3.11/site-packages")
    #expect(try FileBlob(site.appending("greet/__init__.py")).bytes() == Array("x = 1\n".utf8))
    let script = try FileBlob(project.directory.path.appending("out/opt/python/bin/greet-run")).bytes()
    #expect(String(decoding: script, as: UTF8.self).hasPrefix("#!/usr/bin/env python3.11\n"))
    // Python itself agrees that they are installed.
    let listed = try Python.run([
      "-c",
      "import sys, importlib.metadata as m; print(sorted((d.name, d.version) for d in m.distributions(path=[sys.argv[1]])))",
      site.string,
    ])
    #expect(listed.text == "[('greet', '1.0'), ('other', '1.0')]\n")
    #expect(try await project.package().existed)
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("a wheel gives the same layer in every image")
  func shared() async throws {
    let (one, two) = (try await project(), try await project())
    let lines = try [wheel(one, "a"), wheel(one, "b"), wheel(one, "c")]
    try lock(one, lines)
    _ = try [wheel(two, "a"), wheel(two, "b"), wheel(two, "c")]
    try lock(two, lines)
    try two.directory.write("p/serve.py", "another")
    try await opzLock(one)
    try await opzLock(two)
    let layers = try await (one.package().version.record.layers, two.package().version.record.layers)
    func own(_ layers: [VersionRecord.Layer]) -> [Digest] {
      layers.filter { $0.role == "environment" }.map(\.descriptor.digest)
    }
    #expect(own(layers.0) == own(layers.1) && !own(layers.0).isEmpty)
  }

  @Test("a wheel that is not the locked one is refused, and nothing is recorded")
  func tampered() async throws {
    let project = try await project()
    try lock(project, [try wheel(project, "greet")])
    try await opzLock(project)
    try project.directory.write("p/wheels/greet-1.0-py3-none-any.whl", "other bytes")
    let error = await #expect(throws: FlowError.self) { try await project.package() }
    #expect(error?.category == .verification)
    #expect(try project.registry().models().map(\.description) == ["base"])
  }

  @Test("packages that do not fit together are named before anything is built")
  func mismatches() async throws {
    let project = try await project()
    try lock(project, [try wheel(project, "greet", requires: "Requires-Dist: missing>=2")])
    try await opzLock(project)
    let error = await #expect(throws: FlowError.self) { try await project.package() }
    #expect(error?.reason.contains("greet 1.0 requires missing, which is not locked") == true)
    try lock(project, [try wheel(project, "fast", tag: "cp311-cp311-manylinux_2_39_x86_64")])
    let glibc = await #expect(throws: PythonError.self) { try await project.package() }
    #expect(glibc?.reason.contains("needs glibc 2.39, and the base is for Python 3.11 on linux/amd64") == true)
    let python = await #expect(throws: FlowError.self) {
      try await project.package { $0.overrides = ["runtime.python=\"3.12\""] }
    }
    #expect(python?.reason.contains("has Python 3.11") == true)
  }

  @Test("a missing opz.lock, pylock.toml or base is an error that names the command")
  func missing() async throws {
    let project = try await project()
    let unlocked = await #expect(throws: FlowError.self) { try await project.package() }
    #expect(unlocked?.hint?.hasPrefix("opz lock") == true)
    let none = await #expect(throws: PythonError.self) { try await opzLock(project) }
    #expect(none?.reason == "there is no lock")
    let base = await #expect(throws: FlowError.self) { try await project.package { $0.overrides = ["runtime.base="] } }
    #expect(base?.subject == "runtime.base")
  }

  @Test("each platform has its own lock and its own wheels")
  func platforms() async throws {
    let project = try await project(platforms: "[linux/amd64, linux/arm64]")
    try lock(
      project, [try wheel(project, "fast", tag: "cp311-cp311-manylinux_2_28_x86_64")], name: "pylock.linux-amd64.toml")
    try lock(
      project, [try wheel(project, "fast", tag: "cp311-cp311-manylinux_2_28_aarch64")], name: "pylock.linux-arm64.toml")
    try await opzLock(project)
    let record = try await project.package().version.record
    let layers = record.layers.filter { $0.role == "environment" }
    #expect(layers.map(\.platform) == ["linux/amd64", "linux/arm64"] && Set(layers.map(\.diffID)).count == 2)
    let store = try project.registry().store
    for (platform, layer) in zip(["linux/amd64", "linux/arm64"], layers) {
      let image = try await store.image(record.image, platform: try #require(Platform(platform)))
      #expect(image.layers.contains { $0.diffID == layer.diffID } && image.layers.count == 6)
    }
  }

  @Test("docker build of the generated Dockerfile gives the same files, owners and settings")
  func dockerfile() async throws {
    let project = try await project()
    try lock(project, [try wheel(project, "greet"), try wheel(project, "other")])
    try await opzLock(project)
    try project.directory.write("p/assets/run", "#!/bin/sh\n", mode: 0o755)
    try project.directory.write("p/assets/data", "x")
    let version = try await project.package {
      $0.outputs = ["docker-archive:ours.tar"]
      $0.tags = ["ours"]
      $0.overrides = [#"files=[{path: assets, to: /opt/assets, owner: "1000:2000", mode: "0750"}]"#]
    }.version
    let tree = try await DockerComparison.check(version, of: project)
    #expect(tree["opt/assets/data"]?.uid == 1000 && tree["opt/assets/data"]?.gid == 2000)
    #expect(tree["opt/python/bin/greet-run"]?.mode == 0o755)
  }

  @Test("a directory that MLflow saved is a project without an opz.yaml")
  func mlflow() async throws {
    var project = try await project()
    let program = project.directory.path.appending("server")
    try OutputFile.write(StaticPlaceholder.bytes("\(RuntimeMark.text)"), to: program)
    project.session.environment["OPZ_SERVER"] = program.string
    try Durable.remove(project.path.appending("opz.yaml"))
    try project.directory.write(
      "p/MLmodel",
      "flavors:\n  python_function: {loader_module: x, python_version: 3.11.4}\nsignature:\n  inputs: '[{\"type\": \"double\", \"name\": \"a\"}]'\n"
    )
    try lock(project, [try wheel(project, "mlflow")])
    let base = ["runtime.base=oci:../base:1"]
    _ = try await LockProject(project.path, overrides: base, update: false, in: project.session).run()
    let record = try await project.package { $0.overrides = base }.version.record
    #expect(record.name == "p" && record.runtime.kind == "python" && record.model?.format == "mlflow")
    #expect(
      record.files.map(\.path).contains("/models/MLmodel") && !record.files.map(\.path).contains("/models/pylock.toml"))
    let execution = try await project.registry().store.image(record.image).config.config
    #expect(execution?.entrypoint?.first == "/opz-server" && execution?.stopSignal == "SIGTERM")
    try project.directory.write(
      "p/MLmodel",
      "flavors:\n  python_function: {loader_module: x, python_version: 3.11.4}\nsignature:\n  inputs: '[{\"type\": \"long\", \"name\": \"a\"}]'\n"
    )
    #expect(try await project.package { $0.overrides = base }.version.version.description == "2.0.0")
  }

  @Test("opz plan shows the layers of the lock's wheels without fetching any")
  func plan() async throws {
    let project = try await project()
    try project.directory.write(
      "p/pylock.toml",
      "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{ url = \"https://nowhere.example/a-1-py3-none-any.whl\", size = 9000000, hashes = { sha256 = \"\(String(repeating: "a", count: 64))\" } }]\n"
    )
    try await opzLock(project)
    let plan = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    let layer = try #require(plan.layers.first { $0.role == "environment" })
    #expect(layer.state == .built && layer.size == 9_000_000 && layer.title == "a-1-py3-none-any.whl")
  }
}

@Suite("A Python image in a container")
struct PythonContainerTests {
  static let server = """
    import http.server, json, sys
    import numpy, sklearn.tree, xgboost
    booster = xgboost.Booster(model_file="/models/model.json")
    rows = numpy.array([[i, 0] for i in range(40)], dtype=float)
    tree = sklearn.tree.DecisionTreeClassifier(random_state=0).fit(rows, (rows[:, 0] > 19).astype(int))
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            data = numpy.array(json.loads(self.rfile.read(int(self.headers["Content-Length"]))), dtype=numpy.float32)
            margin = booster.predict(xgboost.DMatrix(data), output_margin=True)
            body = json.dumps({"margin": [float(m) for m in margin], "tree": [int(t) for t in tree.predict(data)]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *words): pass
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("ready", flush=True)
    server.serve_forever()
    """

  @Test(
    "scikit-learn and XGBoost from locked wheels predict as they should; pip and importlib agree with the lock"
  )
  func container() async throws {
    let project = try Project()
    try await PythonBase.write(to: project.directory.path.appending("base"), tag: "3.11")
    try project.directory.write("p/serve.py", Self.server)
    try project.directory.write(
      "p/requirements.txt", "--no-index\n--find-links wheels\nscikit-learn\nxgboost-cpu\npip\n")
    try project.directory.write(
      "p/opz.yaml",
      "opz: 1\nname: py\nmodel: {path: model.json}\nruntime: {kind: python, base: \"oci:../base:3.11\", command: [python3, /app/serve.py, \"0\"]}\ncode: [serve.py]\n"
    )
    let wheels = try PythonBase.wheels()
    _ = try ChildProcess.run(["cp", "-r", wheels.string, project.path.appending("wheels").string])
    let train = """
      import json, sys, numpy, xgboost
      rows = numpy.random.default_rng(7).random((200, 2), dtype=numpy.float32) * 40
      booster = xgboost.train({"max_depth": 3, "seed": 1, "objective": "binary:logistic"}, xgboost.DMatrix(rows, (rows[:, 0] > rows[:, 1]).astype(int)), 20)
      booster.save_model(sys.argv[1])
      print(json.dumps({"rows": rows[:20].tolist(), "margin": [float(m) for m in booster.predict(xgboost.DMatrix(rows[:20]), output_margin=True)],
        "tree": [int(a > 19.5) for a in rows[:20, 0]]}))
      """
    let trained = try Python.run(["-c", train, project.path.appending("model.json").string])
    try #require(trained.status == 0, "\(trained.errorText)")
    let expected = try CanonicalJSON.decode([String: JSONValue].self, from: trained.output, subject: "oracle")

    var session = project.session
    session.environment["OPZ_UV"] = Python.interpreter().removingLastComponent().appending("uv").string
    _ = try await LockProject(project.path, update: false, in: session).run()
    var request = PackageRequest(project: project.path)
    request.outputs = ["docker-archive:image.tar"]
    request.tags = ["test-\(project.path.bytes.hashValue.magnitude)"]
    let record = try await PackageProject(request, in: session).run().version.record
    let engine = try PodmanEngine()
    let image = try engine.load(project.directory.path.appending("image.tar"))
    defer { engine.remove(image) }

    let check = try engine.run(image, entrypoint: "python3", ["-m", "pip", "check"])
    #expect(check.status == 0 && check.text.contains("No broken requirements found"), "\(check.text)\(check.errorText)")
    let list = try engine.run(
      image, entrypoint: "python3",
      [
        "-c",
        "import importlib.metadata as m; print(chr(10).join(sorted(d.name.lower().replace('_', '-') + ' ' + d.version for d in m.distributions())))",
      ])
    #expect(
      list.text.split(separator: "\n").map(String.init) == record.packages?.map { "\($0.name) \($0.version)" }.sorted())

    let port = try LoopbackListener.freePort()
    let container = try engine.start(image, ["python3", "/app/serve.py", "\(port)"])
    defer { container.stop() }
    try container.waitForOutput("ready")
    let rows = try #require(expected["rows"])
    let answer = try await ServiceClient(port: Int(port), userAgent: "test").post("/", try CanonicalJSON.encode(rows))
    let found = try CanonicalJSON.decode([String: JSONValue].self, from: answer.body, subject: "answer")
    #expect(found["margin"] == expected["margin"])
    #expect(found["tree"] == expected["tree"])
  }
}
