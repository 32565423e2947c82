import OpzFlow
import OpzIO
import OpzOCI
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

/// A Python project on a base with a placeholder Python and glibc, and small wheels in a directory that uv searches.
struct LockedProject {
  var project: Project

  /// - Parameter release: the whole version that the base's Python contains.
  init(python: String = "3.11", release: String = "") async throws {
    project = try Project()
    project.session.environment["OPZ_UV"] = Python.interpreter().removingLastComponent().appending("uv").string
    project.session.environment["UV_OFFLINE"] = "1"
    try write(
      "../b/opz.yaml",
      "opz: 1\nname: base\nmodel: {path: m}\nruntime: {kind: custom, base: scratch, command: [python3], init: false}\nfiles: [{path: root, to: /}]\n"
    )
    try write("../b/m", "m")
    for version in ["3.11", "3.12"] { try write("../b/root/usr/bin/python\(version)", "python\0\(release)\0") }
    try write("../b/root/lib/x86_64-linux-gnu/libc.so.6", "GNU C Library stable release version 2.36.\n")
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: project.session).run()
    try configure("python: \"\(python)\"")
    try write("m.bin", "m")
    try write("serve.py", "print()")
  }

  func configure(_ runtime: String) throws {
    try write(
      "opz.yaml",
      "opz: 1\nname: py\nmodel: {path: m.bin}\nruntime: {kind: python, base: \"oci:../base:1\", command: [python3, /app/serve.py], \(runtime)}\ncode: [serve.py]\n"
    )
  }

  func write(_ file: String, _ text: String) throws { try project.directory.write("p/\(file)", text) }

  /// Writes a requirements file that uses only the directory `wheels`.
  func require(_ lines: String..., file: String = "requirements.txt") throws {
    try write(file, (["--no-index", "--find-links wheels"] + lines).joined(separator: "\n") + "\n")
  }

  func text(_ file: String) throws -> String {
    String(decoding: try FileBlob(project.path.appending(file)).bytes(), as: UTF8.self)
  }

  /// Makes `NAME-VERSION-py3-none-any.whl` and returns its SHA-256.
  @discardableResult
  func wheel(_ name: String, _ version: String, requires: String = "", tag: String = "py3-none-any") throws -> String {
    let file = "\(name)-\(version)-\(tag).whl"
    let bytes = try HandMadeWheels.bytes([name, version, requires, tag], file)
    try Durable.makeDirectory(project.path.appending("wheels"))
    try Durable.replace(project.path.appending("wheels/\(file)"), with: bytes)
    return Digest.of(bytes).hex
  }

  @discardableResult
  func lock(_ update: LockProject.Update = .needed) async throws -> [LockProject.Pin] {
    try await LockProject(project.path, update: update, in: project.session).run()
  }

  func plan() async throws {
    _ = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
  }

  func check() async throws { try await LockProject(project.path, in: project.session).check() }

  /// The packages in the image of the project: `a 1.0`.
  func packages() async throws -> [String] {
    try await project.package().version.record.packages?.map { "\($0.name) \($0.version)" } ?? []
  }

  /// All files of the project that opz lock may write, by name.
  func locks() throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for entry in try Directory.entries(project.path) {
      let path = project.path.appending(entry)
      if try FileStatus.of(path).kind == .file { found[entry.string] = try FileBlob(path).bytes() }
      if entry.string.hasPrefix(".") { found[entry.string] = [] }
    }
    return found
  }
}

/// Small wheels; each is built once.
private enum HandMadeWheels {
  private static let made = Mutex<[[String]: [UInt8]]>([:])

  private static let script = """
    import base64, hashlib, sys, zipfile
    name, version, requires, tag, out = sys.argv[1:]
    info = f"{name}-{version}.dist-info"
    files = {f"{name}.py": version.encode(), f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n{requires}\\n".encode(),
      f"{info}/WHEEL": f"Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: {tag}\\n".encode()}
    record = "".join(f"{p},sha256={base64.urlsafe_b64encode(hashlib.sha256(c).digest()).decode().rstrip('=')},{len(c)}\\n" for p, c in files.items())
    with zipfile.ZipFile(out, "w") as z:
      for p, c in files.items(): z.writestr(zipfile.ZipInfo(p), c)
      z.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record + f"{info}/RECORD,,\\n")
    """

  /// - Parameter words: name, version, more lines of METADATA, tag.
  static func bytes(_ words: [String], _ file: String) throws -> [UInt8] {
    try made.withLock { made in
      if let bytes = made[words] { return bytes }
      let directory = try TemporaryDirectory()
      let path = directory.path.appending(file)
      let result = try Python.run(["-c", script] + words + [path.string])
      try #require(result.status == 0, "\(result.errorText)")
      let bytes = try FileBlob(path).bytes()
      made[words] = bytes
      return bytes
    }
  }
}
