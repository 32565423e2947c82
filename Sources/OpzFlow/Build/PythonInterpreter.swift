import OpzIO
import OpzPackage
import OpzProject
import OpzPython
import OpzRegistry
import SystemPackage

/// The Python on this machine that compiles wheels' modules: one of exactly the version that the base has. It blocks.
struct PythonInterpreter: Sendable {
  let facts: BaseFacts
  let registry: Registry
  let session: Session

  private var cache: FilePath { registry.cacheDirectory.appending("bytecode") }

  /// - Parameters:
  ///   - minor: the version of the image's Python, `3.11`.
  ///   - says: whether to say why there is none.
  /// - Returns: nil if the project wants no compiled modules, or no Python of the version is here.
  func bytecode(for config: ProjectConfig, _ minor: String, says: Bool) throws -> WheelBytecode? {
    guard config.runtime.bytecode else { return nil }
    let cost = "so each container compiles its packages when it starts"
    guard let version = facts.releases?[minor] else {
      let reason =
        facts.releases == nil
        ? "opz.lock of an older opz does not say the base's whole version of Python, \(cost): opz lock finds it"
        : "the base's Python \(minor) does not say its whole version, \(cost)"
      if says { session.progress.report(.note(reason)) }
      return nil
    }
    guard let compiler = try find(version) else {
      if says {
        session.progress.report(
          .note(
            "no Python \(version) is on this machine, \(cost): uv python install \(version) makes it available; bytecode: false below runtime says that it is meant"
          ))
      }
      return nil
    }
    return WheelBytecode(compiler, cache: cache)
  }

  private func find(_ version: String) throws -> BytecodeCompiler? {
    let memory = cache.appending("interpreter-\(version)")
    if let program = known(memory) { return BytecodeCompiler(program: program, version: version) }
    for program in candidates(version) {
      guard let compiler = BytecodeCompiler.check(program, version: version) else { continue }
      try Durable.makeDirectory(cache)
      try Durable.replaceWithoutSync(memory, with: Array("\(compiler.program)\n\(mark(compiler.program))\n".utf8))
      return compiler
    }
    return nil
  }

  /// The interpreter that an earlier run verified, if it is still the same file.
  private func known(_ memory: FilePath) -> FilePath? {
    guard let text = try? String(decoding: SmallFile.read(memory, limit: 1 << 14), as: UTF8.self) else { return nil }
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.count == 2, lines[1] == mark(FilePath(lines[0])) else { return nil }
    return FilePath(lines[0])
  }

  private func mark(_ program: FilePath) -> String {
    guard let status = (try? FileStatus.find(program)) ?? nil, status.kind == .file else { return "gone" }
    return "\(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed)"
  }

  /// What uv finds, then the programs of the usual names in PATH.
  private func candidates(_ version: String) -> [FilePath] {
    var found: [FilePath] = []
    if let uv = InstalledTool.uv.find(session.environment) {
      var environment = session.environment
      environment["UV_PYTHON_DOWNLOADS"] = "never"
      let list = environment.map { "\($0.key)=\($0.value)" }.sorted()
      let command = [uv.string, "python", "find", "--no-project", "--no-config", "--quiet", version]
      if let result = try? ChildProcess.run(command, environment: list), result.status == 0 {
        found += result.text.split(separator: "\n").prefix(1).map { FilePath(String($0)) }
      }
    }
    let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
    for directory in (session.environment["PATH"] ?? "").split(separator: ":") where directory.hasPrefix("/") {
      for name in ["python\(minor)", "python3"] {
        let path = FilePath(String(directory)).appending(name)
        if let status = (try? FileStatus.find(path)) ?? nil, status.kind == .file, status.mode & 0o111 != 0 {
          found.append(path)
        }
      }
    }
    return found
  }
}
