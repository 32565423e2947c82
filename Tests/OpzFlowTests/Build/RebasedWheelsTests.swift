import OpzFlow
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("Packages on another base")
struct RebasedWheelsTests {
  /// A base in an OCI layout with placeholders for Python and glibc.
  struct Base: Sendable, CustomTestStringConvertible {
    var python: String?
    var glibc = "2.36"
    var cuda = ""
    /// What the refusal says; nil where the packages fit.
    var says: String?
    var testDescription: String { "Python \(python ?? "-"), glibc \(glibc), CUDA \(cuda)" }

    func write(_ project: LockedProject) async throws {
      let env = cuda.isEmpty ? "{A: b}" : "{CUDA_VERSION: \"\(cuda)\"}"
      try project.write(
        "../n/opz.yaml",
        "opz: 1\nname: other\nmodel: {path: m}\nenv: \(env)\nruntime: {kind: custom, base: scratch, command: [python3], init: false}\nfiles: [{path: root, to: /}]\n"
      )
      try project.write("../n/m", "m")
      if let python { try project.write("../n/root/usr/bin/python\(python)", "python") }
      try project.write(
        "../n/root/lib/x86_64-linux-gnu/libc.so.6", "GNU C Library stable release version \(glibc).\n")
      var request = PackageRequest(project: project.project.directory.path.appending("n"))
      request.outputs = ["oci:other:1"]
      _ = try await PackageProject(request, in: project.project.session).run()
    }
  }

  @Test(
    "a version goes only on a base that its wheels fit",
    arguments: [
      Base(python: "3.11"), Base(python: "3.11", glibc: "2.39", cuda: "12.9.0"),
      Base(python: "3.12", says: "for Python 3.11, and oci:other:1 has Python 3.12"),
      Base(python: nil, says: "has no Python"),
      Base(python: "3.11", glibc: "2.31", says: "binary 1.0 needs glibc 2.34"),
      Base(python: "3.11", cuda: "11.8.0", says: "nvidia-blas-cu12 1.0 is built for CUDA 12"),
    ])
  func fit(base: Base) async throws {
    let project = try await LockedProject()
    try project.configure("python: \"3.11\", bytecode: false")
    try project.wheel("pure", "1.0")
    try project.wheel("binary", "1.0", tag: "cp311-cp311-manylinux_2_34_x86_64")
    try project.wheel("nvidia_blas_cu12", "1.0")
    try project.require("pure", "binary", "nvidia-blas-cu12")
    try await project.lock()
    let version = try await project.project.package().version
    try await base.write(project)
    let registry = try project.project.registry()
    let rebase = RebaseVersion(version, onto: "oci:other:1", in: project.project.session)
    guard let says = base.says else {
      let result = try await rebase.run(registry)
      #expect(!result.existed && result.version.record.packages?.count == 3)
      return
    }
    let error = await #expect(throws: FlowError.self) { try await rebase.run(registry) }
    #expect(error?.category == .conflict && error?.reason.contains(says) == true, "\(error?.description ?? "")")
    #expect(error?.hint?.contains("opz lock") == true)
    #expect(try registry.state(version.name).newest?.version == version.version)
  }
}
