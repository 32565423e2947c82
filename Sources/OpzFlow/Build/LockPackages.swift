import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzPython
import OpzStore
import SystemPackage

/// The Python part of `opz lock`: resolves one lock per platform if its inputs changed. It writes nothing.
struct LockPackages: Sendable {
  let project: PythonProject
  let facts: BaseFacts
  let update: LockProject.Update
  /// `opz.lock` before this run.
  let old: ProjectLock?
  let session: Session
  /// As uv's option of that name.
  var torchBackend: String?

  /// What is to be written.
  struct Result: Sendable {
    var texts: [(path: FilePath, text: String)] = []
    /// Wheels that were built, and the files that have their bytes.
    var wheels: [(path: FilePath, from: FilePath)] = []
    /// The inputs that all locks were resolved from.
    var inputs = ProjectLock.Inputs()
  }

  func run() async throws -> Result {
    let (targets, requirements, inputs) = try await blocking {
      let (targets, requirements) = (try project.targets(facts), try project.requirements())
      return (targets, requirements, try project.inputs(requirements, targets))
    }
    let source = try project.source()
    try checkUpdate(source)
    var result = Result()
    for platform in project.config.platforms {
      guard let target = targets[platform] else { continue }
      let path = project.lock(for: platform)
      try await blocking { try project.requireLockPlace(path) }
      let rules = requirements.flatMap { HashRules($0, for: target) }
      let isOld = try isOld(path, platform, now: inputs)
      let (text, built): (String?, [SourceWheels.Built]) =
        if let source, isOld {
          try await blocking { try resolve(source, requirements, target: target, rules: rules, at: path) }
        } else { (nil, []) }
      result.wheels += built.map { ($0.path, $0.from) }
      let wheels = try await blocking {
        let lock = try text.map { try PythonLock($0, subject: path.string) } ?? PythonLock.read(path)
        return try lock.select(for: target, allowing: rules)
      }
      try project.requireAll(requirements, in: wheels, target, lock: path, inputs: inputs)
      if let rules { try await check(wheels, rules, at: path) }
      if !facts.hasLibstdcxx, wheels.contains(where: { $0.name.tags.allSatisfy { $0.platform != "any" } }) {
        session.progress.report(
          .note(
            "\(project.config.base ?? "the base") has no libstdc++.so.6, which most compiled wheels need: add Debian's libstdc++6, Alpine's libstdc++"
          ))
      }
      if let text {
        if let other = result.texts.first(where: { $0.path == path }), other.text != text {
          throw FlowError(
            .conflict, path.string, reason: "one lock cannot serve all platforms, because their packages differ",
            hint: "remove runtime.lock, so that each platform gets its own lock")
        }
        result.texts.append((path, text))
      }
      session.progress.report(.note("\(path.lastComponent?.string ?? "the lock") is for \(target)"))
    }
    let texts = Dictionary(result.texts.map { ($0.path, $0.text) }, uniquingKeysWith: { $1 })
    result.inputs = try await blocking { try project.inputs(requirements, targets, texts: texts) }
    if let source { try noteLeftOut(source, result.inputs) }
    return result
  }

  /// Says what to add if the project is a package that is not in the image.
  private func noteLeftOut(_ source: UvCompile.Source, _ inputs: ProjectLock.Inputs) throws {
    guard case .requirements(let file) = source, file.lastComponent != "pyproject.toml",
      let package = try project.ownPackage(), inputs.files["./"] == nil
    else { return }
    session.progress.report(
      .note(
        "warning: \(package.code) is not in the image: a line \"./\" in \(file.lastComponent?.string ?? "the requirements") installs the package \(package.name), or code: [\(package.code)] in opz.yaml copies it to /app"
      ))
  }

  /// Whether the lock must be resolved again. A lock that predates the first `opz lock` is the user's own and is kept
  /// until its inputs change.
  private func isOld(_ path: FilePath, _ platform: Platform, now: ProjectLock.Inputs) throws -> Bool {
    guard update == .needed, torchBackend == nil, try FileStatus.find(path) != nil else { return true }
    guard let old else { return false }
    guard let then = old.inputs else { return true }
    return then.files != now.files || then.targets["\(platform)"] != now.targets["\(platform)"]
  }

  private func checkUpdate(_ source: UvCompile.Source?) throws {
    if let torchBackend {
      guard case .requirements? = source else {
        throw FlowError(
          .usage, "--torch-backend \(torchBackend)",
          reason: source == nil ? "there are no requirements to resolve" : "only uv changes uv.lock",
          hint: source == nil ? nil : "name PyTorch's index in [tool.uv.sources] of pyproject.toml, then uv lock")
      }
      session.progress.report(
        .note("to lock so again without the option, write [pip] torch-backend = \"\(torchBackend)\" into uv.toml"))
    }
    guard case .packages(let names) = update else {
      if update == .all, case .project(let directory)? = source {
        session.progress.report(
          .note("uv.lock was not changed; uv lock --upgrade --project \(directory) upgrades its packages"))
      }
      return
    }
    for name in names where !RequirementsFile.isName(name) {
      throw FlowError(.usage, "--update \(name.prefix(100))", reason: "not a valid package name")
    }
    guard case .requirements? = source else {
      throw FlowError(
        .usage, "--update \(names[0])",
        reason: source == nil ? "there are no requirements to resolve" : "only uv changes uv.lock",
        hint: source == nil ? nil : "uv lock --upgrade-package \(names[0]), then opz lock")
    }
  }

  /// - Returns: the text of the lock, nil if the existing one has the same packages; and the wheels that were built.
  private func resolve(
    _ source: UvCompile.Source, _ requirements: RequirementsFile?, target: PythonTarget, rules: HashRules?,
    at path: FilePath
  ) throws -> (String?, [SourceWheels.Built]) {
    // uv runs in the directory that paths are relative to, so that its own paths have to be absolute.
    let place = RealPath.of(project.directory.isEmpty ? "." : project.directory) ?? project.directory
    let inside = PythonProject(config: project.config, directory: place)
    var uv = UvCompile(try inside.source() ?? source, for: target, environment: session.environment)
    uv.project = place
    uv.workingDirectory = try inside.requirementsBase()
    let own = try project.ownPackage()
    uv.includesProject = own != nil
    uv.torchBackend = torchBackend
    uv.allowsPrereleases = requirements?.allowsPrereleases ?? false
    uv.upgrade =
      switch update {
      case .needed: .needed
      case .packages(let names): .packages(names.map(RequirementsFile.normalized))
      case .all: .all
      }
    let before = try? String(decoding: FileBlob(path).bytes(), as: UTF8.self)
    var text = try uv.resolve(beside: inside.lock(for: target.platform))
    if case .requirements(let file) = source, file.lastComponent == "pyproject.toml", let own {
      text = BuiltWheels.adding(SourcePackage(own.name, at: .directory(try above(path))), to: text)
    }
    let built = try SourceWheels(project: inside, target: target, session: session).build(
      in: &text, at: path, before: before)
    if let rules { text = LockText.keeping(rules, in: text) }
    let new = try PythonLock(text, subject: path.string).select(for: target, allowing: rules)
    if case .packages(let names) = update {
      let known = Set(new.map(\.name.normalizedDistribution))
      for name in names where !known.contains(RequirementsFile.normalized(name)) {
        throw FlowError(
          .notFound, "--update \(name)", reason: "no package of that name is locked for \(target)",
          hint: "the lock has \(known.sorted().prefix(20).joined(separator: ", "))")
      }
    }
    let then = before.flatMap { try? PythonLock($0, subject: path.string).select(for: target, allowing: rules) }
    if let before, then == new, rules.map({ LockText.keeping($0, in: before) == before }) ?? true {
      return (nil, built)
    }
    say(what(new, since: then ?? []), path)
    return (text, built)
  }

  /// The project's directory as a path from the lock's.
  private func above(_ lock: FilePath) throws -> String {
    let path = LockInputs.relative(
      project.directory.lexicallyNormalized(), to: lock.removingLastComponent().lexicallyNormalized())
    return path.isEmpty ? "." : path
  }

  private func what(_ new: [LockedWheel], since old: [LockedWheel]) -> [String] {
    func versions(_ wheels: [LockedWheel]) -> [String: String] {
      Dictionary(wheels.map { ($0.name.normalizedDistribution, $0.version) }, uniquingKeysWith: { one, _ in one })
    }
    let (now, then) = (versions(new), versions(old))
    return Set(now.keys).union(then.keys).sorted().compactMap { name in
      switch (then[name], now[name]) {
      case (nil, let version?): "\(name) \(version) is new"
      case (let version?, nil): "\(name) \(version) is gone"
      case (let one?, let other?) where one != other: "\(name) \(one) -> \(other)"
      default: nil
      }
    }
  }

  private func say(_ changes: [String], _ path: FilePath) {
    // For a first lock, `opz plan` lists the packages.
    guard !changes.isEmpty, (try? FileStatus.find(path)) ?? nil != nil else { return }
    let rest = changes.count - 20
    let more = rest > 0 ? [".. and \(rest) more"] : []
    let name = path.lastComponent?.string ?? "the lock"
    session.progress.report(.note("\(name): \((changes.prefix(20) + more).joined(separator: ", "))"))
  }

  /// If the index does not publish the digests that the requirements ask for, fetch the wheels and compute them.
  private func check(_ wheels: [LockedWheel], _ rules: HashRules, at path: FilePath) async throws {
    let some = wheels.filter(rules.needsBytes)
    if some.isEmpty { return }
    let local = try await PythonEnvironment.fetch(
      some, beside: path.removingLastComponent(), session.createRegistry(), session: session)
    try await PythonEnvironment.check(some, local, rules: rules, subject: path.string)
  }
}
