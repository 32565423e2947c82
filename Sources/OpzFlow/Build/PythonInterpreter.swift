import OpzIO
import OpzPackage
import OpzProject
import OpzPython
import OpzRegistry
import SystemPackage

/// The Python that compiles wheels' modules, of exactly the version that the base has: the base's own, or one of this
/// machine.
struct PythonInterpreter: Sendable {
  let facts: BaseFacts
  let base: BaseInterpreter
  let registry: Registry
  let session: Session

  private var cache: FilePath { registry.cacheDirectory.appending("bytecode") }

  /// Whether the wheels' modules will be compiled, as a plan needs to know. No Python is unpacked. It blocks.
  /// - Parameter minor: the version of the image's Python, `3.11`.
  func expected(for config: ProjectConfig, python minor: String) throws -> WheelBytecode? {
    guard config.runtime.bytecode, let version = facts.releases?[minor],
      try find(version) != nil || base.memory(version) == .works || base.obstacle(version) == nil
    else { return nil }
    return WheelBytecode(version: version, cache: cache)
  }

  /// Compiles the wheels' modules that were not compiled before, or says why there is nothing to compile them and what
  /// that costs.
  /// - Returns: nil if the project wants no compiled modules, or no Python of the version can be run.
  func compile(
    _ wheels: [LocalWheel], in layout: InstallLayout, for config: ProjectConfig, python minor: String
  ) async throws -> WheelBytecode? {
    guard config.runtime.bytecode, !wheels.isEmpty else { return nil }
    guard let version = facts.releases?[minor] else {
      note(
        facts.releases == nil
          ? "opz.lock of an older opz does not say the base's whole version of Python, \(cost): opz lock finds it"
          : "the base's Python \(minor) does not say its whole version, \(cost)")
      return nil
    }
    let bytecode = WheelBytecode(version: version, cache: cache)
    let (missing, isKnown) = try await blocking {
      (try bytecode.missing(wheels, in: layout), try find(version) != nil || base.memory(version) == .works)
    }
    // Which of the two compiles makes no difference to the bytes, so with nothing to compile none is started.
    if isKnown, missing.isEmpty { return bytecode }
    guard let compiler = try await compiler(version) else { return nil }
    _ = try await concurrently(missing, limit: Cores.count) { wheel in
      try await blocking { try bytecode.compile(wheel, in: layout, by: compiler) }
    }
    return bytecode
  }

  /// The base's own Python first, as long as its layers are here; those of a base in a registry are fetched only if this
  /// machine has no Python of the version.
  private func compiler(_ version: String) async throws -> BytecodeCompiler? {
    let (local, isHere) = try await blocking { (try find(version), try base.missingBytes() == 0) }
    var reason: String?
    if isHere || local == nil {
      reason = try await blocking { try base.obstacle(version) }
      if reason == nil {
        do {
          return BytecodeCompiler(try await base.python(version), version: version)
        } catch let error as any ExplainedError where error.category != .verification {
          reason = error.reason
        }
      }
    }
    if let local { return BytecodeCompiler(local, version: version) }
    note(
      "no Python \(version) is on this machine, and the base's own cannot be run here (\(reason ?? "it does not start")), \(cost): uv python install \(version) makes one available; bytecode: false below runtime says that it is meant"
    )
    return nil
  }

  private var cost: String { "so each container compiles its packages when it starts" }

  private func note(_ text: String) { session.progress.report(.note(text)) }

  private func find(_ version: String) throws -> PythonProgram? {
    let memory = cache.appending("interpreter-\(version)")
    if let program = known(memory) { return PythonProgram(program) }
    for candidate in candidates(version) {
      guard let program = try? BytecodeCompiler.check(PythonProgram(candidate), version: version) else { continue }
      try Durable.makeDirectory(cache)
      try Durable.replaceWithoutSync(memory, with: Array("\(program)\n\(mark(program))\n".utf8))
      return PythonProgram(program)
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
