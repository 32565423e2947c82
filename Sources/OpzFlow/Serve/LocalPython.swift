import OpzIO
import OpzProject
import OpzRegistry
import SystemPackage

/// The Python that runs a project's model on this machine: one with the locked packages where uv can make it, else the
/// user's own.
struct LocalPython: Sendable {
  let project: FilePath
  let config: ProjectConfig
  let session: Session

  /// The interpreter.
  /// - Parameter named: what the user chose; nil to choose.
  /// - Throws: `FlowError` of category `notFound` if there is no Python.
  func interpreter(named: String?) throws -> FilePath {
    if let named { return try find(named) }
    if let locked = try locked() { return locked }
    if let active = session.environment["VIRTUAL_ENV"], !active.isEmpty {
      return FilePath(active).appending("bin").appending("python")
    }
    session.progress.report(
      .note("the packages are those of python3; opz lock \(project) makes opz serve use the locked ones"))
    return try find("python3")
  }

  private func find(_ name: String) throws -> FilePath {
    if name.contains("/") { return session.path(name) }
    for directory in (session.environment["PATH"] ?? "").split(separator: ":") where directory.hasPrefix("/") {
      let path = FilePath(String(directory)).appending(name)
      if let status = (try? FileStatus.find(path)) ?? nil, status.kind == .file, status.mode & 0o111 != 0 {
        return path
      }
    }
    throw FlowError(
      .notFound, name, reason: "there is no such program", hint: "install Python 3, or name it with --python PATH")
  }

  /// A virtual environment with the packages of pylock.toml, made once for each lock; nil without a lock or uv.
  private func locked() throws -> FilePath? {
    guard let platform = config.platforms.first(where: { $0.isSameProcessor(as: .host) }) else { return nil }
    let lock = PythonProject(config: config, directory: project).lock(for: platform)
    guard try FileStatus.find(lock) != nil, let uv = InstalledTool.uv.find(session.environment) else { return nil }
    let version = try self.version()
    let key = Digest.of(try FileBlob(lock).bytes() + Array("\n\(version ?? "")".utf8)).hex
    let place = try session.createRegistry().cacheDirectory.appending("environments").appending(key)
    let python = place.appending("bin").appending("python")
    let isWhole = place.appending("opz-whole")
    if try FileStatus.find(isWhole) != nil { return python }
    try Durable.makeDirectory(place.removingLastComponent())
    session.progress.report(.note("making a virtual environment with the locked packages"))
    // What a killed run left is not whole.
    if try FileStatus.find(place, followLinks: false) != nil { try Durable.removeTree(place) }
    var make = [uv.string, "venv", "--quiet"]
    if let version { make += ["--python", version] }
    try run(make + [place.string])
    try run([uv.string, "pip", "install", "--quiet", "--python", python.string, "--requirements", lock.string])
    try Durable.replace(isWhole, with: [])
    return python
  }

  /// The base's version of Python, which the lock is for.
  private func version() throws -> String? {
    guard let base = config.base, let facts = try ProjectLock.read(in: project)?.facts?[base] else { return nil }
    return config.runtime.python ?? (facts.python.count == 1 ? facts.python.first : nil)
  }

  private func run(_ command: [String]) throws {
    let result = try ChildProcess.run(command, environment: session.environmentList, directory: project)
    guard result.status == 0 else {
      let end = result.errorText.suffix(2000)
      throw FlowError(
        .failed, command.prefix(3).joined(separator: " "), reason: "it failed: \(end)",
        hint: "opz serve \(project) --python python3 takes the packages of that Python")
    }
  }
}
