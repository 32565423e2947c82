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

  /// An interpreter, and the environment that it is of.
  struct Interpreter: Sendable {
    let path: FilePath
    /// One of opz's; nil for the user's own.
    var environment: PythonEnvironments.Held?
  }

  /// The interpreter.
  /// - Parameter named: what the user chose; nil to choose.
  /// - Throws: `FlowError` of category `notFound` if there is no Python.
  func interpreter(named: String?) throws -> Interpreter {
    if let named { return Interpreter(path: try find(named)) }
    if let locked = try locked() { return Interpreter(path: locked.python, environment: locked) }
    if let active = session.environment["VIRTUAL_ENV"], !active.isEmpty {
      return Interpreter(path: FilePath(active).appending("bin").appending("python"))
    }
    session.progress.report(
      .note("the packages are those of python3; opz lock \(project) makes opz serve use the locked ones"))
    return Interpreter(path: try find("python3"))
  }

  private func find(_ name: String) throws -> FilePath {
    if name.contains("/") { return session.path(name) }
    if let path = ProgramSearch.find(name, in: session.environment) { return path }
    throw FlowError(
      .notFound, name, reason: "there is no such program", hint: "install Python 3, or name it with --python PATH")
  }

  /// A virtual environment with the packages of pylock.toml, made once for each lock; nil without a lock or uv.
  private func locked() throws -> PythonEnvironments.Held? {
    guard let platform = config.platforms.first(where: { $0.isSameProcessor(as: .host) }) else { return nil }
    let lock = PythonProject(config: config, directory: project).lock(for: platform)
    guard try FileStatus.find(lock) != nil, let uv = InstalledTool.uv.find(session.environment) else { return nil }
    let version = try self.version()
    let key = Digest.of(try FileBlob(lock).bytes() + Array("\n\(version ?? "")".utf8)).hex
    let environments = PythonEnvironments(try session.createRegistry().cacheDirectory)
    return try environments.take(key) { place in
      session.progress.report(.note("making a virtual environment with the locked packages"))
      let python = place.appending("bin").appending("python").string
      try run([uv.string, "venv", "--quiet"] + (version.map { ["--python", $0] } ?? []) + [place.string])
      try run([uv.string, "pip", "install", "--quiet", "--python", python, "--requirements", lock.string])
    }
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
