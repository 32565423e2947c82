import OpzFlow
import OpzIO
import OpzOCI
import OpzProject
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz-init in images")
struct InitTests {
  private func project(_ runtime: String, base: String = "", platforms: String = "[linux/amd64]") async throws
    -> Project
  {
    let project = try Project()
    try project.directory.write("b/m", "m")
    try project.directory.write(
      "b/opz.yaml",
      "opz: 1\nname: base\nmodel: {path: m}\nplatforms: \(platforms)\nruntime: {kind: custom, base: scratch, command: [\(base)], init: false}\n"
    )
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    if !base.isEmpty { _ = try await PackageProject(request, in: project.session).run() }
    try project.directory.write(
      "p/opz.yaml",
      "opz: 1\nname: served\nmodel: {path: m}\nplatforms: \(platforms)\nruntime: {kind: custom, base: \(base.isEmpty ? "scratch" : "\"oci:../base:1\""), \(runtime)}\n"
    )
    try project.directory.write("p/m", "m")
    return project
  }

  private func command(_ project: Project) async throws -> (entrypoint: [String], server: Int) {
    let record = try await project.package().version.record
    let image = try await project.registry().store.image(record.image)
    let execution = try #require(image.config.config)
    return (
      (execution.entrypoint ?? []) + (execution.cmd ?? []), record.layers.count { $0.role == "server" }
    )
  }

  @Test(
    "it starts commands of opz.yaml that are no init themselves, unless opz.yaml decides",
    arguments: [
      ("command: [python3, serve.py]", "", "/opz-init python3 serve.py"),
      ("command: [/usr/bin/tini, --, python3]", "", "/usr/bin/tini -- python3"),
      ("command: [dumb-init, python3]", "", "dumb-init python3"), ("command: [/init, x]", "", "/init x"),
      ("command: [python3], init: false", "", "python3"), ("command: [tini, x], init: true", "", "/opz-init tini x"),
      ("user: 1000", "run", "run"), ("init: true", "run", "/opz-init run"),
      ("command: [python3]", "tini", "/opz-init python3"),
    ])
  func chosen(runtime: String, base: String, wanted: String) async throws {
    let project = try await project(runtime, base: base)
    let (command, layers) = try await command(project)
    #expect(command.joined(separator: " ") == wanted)
    #expect(layers == (wanted.hasPrefix("/opz-init") ? 1 : 0))
  }

  @Test("each platform has its own, the plan has its layer, and a changed model changes nothing else")
  func platforms() async throws {
    let project = try await project("command: [run]", platforms: "[linux/amd64, linux/arm64]")
    let record = try await project.package().version.record
    let inits = record.layers.filter { $0.role == "server" }
    #expect(inits.map(\.platform) == ["linux/amd64", "linux/arm64"])
    #expect(Set(inits.map(\.descriptor.digest)).count == 2 && inits.allSatisfy { $0.descriptor.size < 4096 })
    try project.directory.write("p/m", "another")
    let plan = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    #expect(plan.layers.filter { $0.state == .built }.map(\.role) == ["model"])
    #expect(plan.layers.first { $0.role == "server" }?.title == "opz-init")
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("for a processor that there is none for, an image goes without, and one that asks for it is refused")
  func processors() async throws {
    let without = try await project("command: [run]", platforms: "[linux/riscv64]")
    #expect(try await command(without).entrypoint == ["run"])
    let asking = try await project("command: [run], init: true", platforms: "[linux/riscv64]")
    let error = await #expect(throws: FlowError.self) { try await asking.package() }
    #expect(error?.hint?.contains("init: false") == true)
  }

  @Test("a version that is put on another base keeps it")
  func rebased() async throws {
    let project = try await project("command: [run]", base: "tini")
    let version = try await project.package().version
    let registry = try project.registry()
    let moved = try await RebaseVersion(version, onto: "scratch", in: project.session).run(registry).version
    let image = try await registry.store.image(moved.record.image)
    #expect(image.config.config?.entrypoint == ["/opz-init", "run"])
    #expect(moved.record.layers.count { $0.role == "server" } == 1)
  }

  /// Starts a child that leaves an orphan behind, and says whether that was reaped.
  private static let server = """
    import os, subprocess, time
    orphan = int(subprocess.run(["sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!"], capture_output=True).stdout)
    def state():
        try:
            with open(f"/proc/{orphan}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0]
        except OSError:
            return "reaped"
    while state() not in ("reaped", "Z"):
        time.sleep(0.01)
    for step in range(200):
        if state() == "reaped":
            break
        time.sleep(0.01)
    print("orphan:", state(), "process:", os.getpid(), flush=True)
    while True:
        time.sleep(1)
    """

  @Test(
    "a container with a Python server ends by SIGTERM, and orphans are reaped; without opz-init neither",
    arguments: [true, false])
  func container(hasInit: Bool) async throws {
    let project = try Project()
    try await PythonBase.write(to: project.directory.path.appending("base"), tag: "3.11")
    try project.directory.write(
      "p/opz.yaml",
      "opz: 1\nname: served\nmodel: {path: m}\nruntime: {kind: custom, base: \"oci:../base:3.11\", command: [python3, /app/serve.py]\(hasInit ? "" : ", init: false")}\ncode: [serve.py]\n"
    )
    try project.directory.write("p/m", "m")
    try project.directory.write("p/serve.py", Self.server)
    _ = try await project.package {
      $0.outputs = ["docker-archive:image.tar"]
      $0.tags = ["test-\(project.path.bytes.hashValue.magnitude)"]
    }
    let engine = try PodmanEngine()
    let image = try engine.load(project.directory.path.appending("image.tar"))
    defer { engine.remove(image) }
    let container = try engine.start(image)
    defer { container.stop() }
    try container.waitForOutput("process:")
    #expect(container.output.contains(hasInit ? "orphan: reaped" : "orphan: Z"), "\(container.output)")
    #expect(container.output.contains("process: 1\n") != hasInit)
    // 143 is SIGTERM; 137 is SIGKILL, after the grace period.
    #expect(try container.end(grace: hasInit ? 300 : 1) == (hasInit ? 143 : 137))
  }
}
