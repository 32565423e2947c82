import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@Suite("The program that an image starts")
struct ImageProgramTests {
  /// A base in an OCI layout with `/usr/bin/run`, a link `/bin` to `usr/bin`, and a command if one is given.
  private func project(base command: String?, _ runtime: String, _ more: String = "") async throws -> Project {
    let project = try Project()
    try project.directory.write("b/m", "m")
    try project.directory.write("b/root/usr/bin/run", "run", mode: 0o755)
    _ = try ChildProcess.run(["ln", "-s", "usr/bin", project.directory.path.appending("b/root/bin").string])
    try project.directory.write(
      "b/opz.yaml",
      """
      opz: 1
      name: base
      model: {path: m}
      runtime: \(command.map { "{kind: custom, base: scratch, command: [\($0)]}" } ?? "{kind: model}")
      files: [{path: root, to: /}]
      env: {PATH: /bin}
      """)
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: project.session).run()
    try project.directory.write(
      "p/opz.yaml", "opz: 1\nname: served\nmodel: {path: m}\nruntime: {kind: custom, \(runtime)}\n\(more)\n")
    try project.directory.write("p/m", "m")
    return project
  }

  @Test(
    "an image without a command is refused before it is a version, by plan and by package",
    arguments: ["base: scratch", "base: \"oci:../base:1\""])
  func refused(runtime: String) async throws {
    let project = try await project(base: nil, runtime)
    let package = await #expect(throws: FlowError.self) { try await project.package() }
    let plan = await #expect(throws: FlowError.self) {
      try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    }
    for error in [package, plan] {
      #expect(error?.subject == "runtime.command" && error?.category == .failed)
      #expect(error?.hint?.contains("command: [PROGRAM, ARGUMENT] below runtime") == true)
    }
    #expect(try project.registry().models().map(\.description) == ["base"])
  }

  @Test("the base's own command is enough, until the version is put on a base without one")
  func base() async throws {
    let project = try await project(base: "run", "base: \"oci:../base:1\"")
    let version = try await project.package().version
    let registry = try project.registry()
    let error = await #expect(throws: FlowError.self) {
      try await RebaseVersion(version, onto: "scratch", in: project.session).run(registry)
    }
    #expect(error?.subject == "runtime.command")
    #expect(try registry.state(version.name).newest?.version == version.version)
  }

  @Test(
    "a program that is in none of the image's files is named",
    arguments: [
      ("[run]", "", nil), ("[/bin/run]", "", nil), ("[/usr/bin/run, x]", "", nil), ("[/app/serve.sh]", "serve.sh", nil),
      ("[./serve.sh]", "serve.sh", nil), ("[serve.sh]", "serve.sh", "serve.sh"), ("[/bin/ran]", "", "/bin/ran"),
      ("[/usr/bin]", "", "/usr/bin"), ("[python3]", "", "python3"),
    ] as [(String, String, String?)])
  func named(command: String, code: String, missing: String?) async throws {
    var project = try await project(
      base: nil, "base: \"oci:../base:1\", command: \(command)", code.isEmpty ? "" : "code: [\(code)]")
    if !code.isEmpty { try project.directory.write("p/\(code)", "#!/bin/sh\n", mode: 0o755) }
    let notes = Notes()
    project.session.progress = notes
    _ = try await project.package()
    let found = notes.texts.filter { $0.contains("which the image runs") }
    #expect(found.count == (missing == nil ? 0 : 1), "\(notes.texts)")
    if let missing { #expect(found.first?.hasPrefix("warning: \(missing), ") == true, "\(found)") }
  }
}
