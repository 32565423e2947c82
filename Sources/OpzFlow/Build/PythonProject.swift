import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzPython
import SystemPackage

/// The Python part of a project: where its locks are and which targets they are for.
struct PythonProject: Sendable {
  let config: ProjectConfig
  let directory: FilePath

  /// The directory that wheels are installed under. PYTHONUSERBASE names it as the user base, so the base image's
  /// Python finds it wherever its own libraries are.
  static let prefix = FilePath("opt/python")

  /// The requirements to lock: the file that `opz.yaml` names, or else the first of the usual ones that exists.
  func source() throws -> UvCompile.Source? {
    if let named = config.runtime.requirements { return .requirements(directory.pushing(FilePath(named)).withoutDots) }
    if try FileStatus.find(directory.appending("uv.lock")) != nil { return .project(directory) }
    for name in ["requirements.txt", "requirements.in", "pyproject.toml"] {
      let path = directory.appending(name)
      if try FileStatus.find(path) != nil { return .requirements(path) }
    }
    return nil
  }

  /// The requirements with the files that they include; nil if the source is not a requirements file.
  func requirements() throws -> RequirementsFile? {
    guard case .requirements(let file)? = try source() else { return nil }
    let name = file.lastComponent?.string ?? ""
    return ["pyproject.toml", "setup.py", "setup.cfg"].contains(name) ? nil : try RequirementsFile.read(file)
  }

  /// The directory that paths in the requirements are relative to: the project's, or that of the MLflow model whose
  /// requirements they are, as MLflow has it.
  func requirementsBase() throws -> FilePath {
    guard case .requirements(let file)? = try source() else { return directory }
    let beside = file.removingLastComponent()
    return try FileStatus.find(beside.appending(MLflowModel.fileName)) == nil ? directory : beside
  }

  /// The package that the project itself is, if its code is in no layer of the project's files.
  func ownPackage() throws -> ProjectPackage? {
    guard let package = try ProjectPackage.find(in: directory), !package.isIn(config.code + config.files.map(\.path))
    else { return nil }
    return package
  }

  /// The current inputs of the locks.
  /// - Parameter texts: locks that are yet to be written, by path; others are read.
  func inputs(
    _ requirements: RequirementsFile?, _ targets: [Platform: PythonTarget], texts: [FilePath: String] = [:]
  ) throws -> ProjectLock.Inputs {
    let locks = try Set(config.platforms.map { lock(for: $0) }).compactMap { path in
      // A lock that cannot be read is reported by whoever needs it.
      let lock = try texts[path].map { try PythonLock($0, subject: path.string) } ?? (try? PythonLock.read(path))
      return lock.map { ($0, path.removingLastComponent()) }
    }
    let base = try requirementsBase()
    let files =
      try source().map { try LockInputs.digests(of: $0, requirements, in: directory, paths: base, locks: locks) }
      ?? [:]
    return ProjectLock.Inputs(
      files: files, targets: Dictionary(targets.map { ("\($0)", "\($1)") }, uniquingKeysWith: { one, _ in one }))
  }

  func targets(_ facts: BaseFacts) throws -> [Platform: PythonTarget] {
    try Dictionary(
      config.platforms.map { ($0, try target(for: $0, facts)) }, uniquingKeysWith: { one, _ in one })
  }

  /// - Returns: false if `opz.lock` does not record its inputs.
  /// - Throws: `FlowError` of category `conflict`, naming the file that changed, if the lock is out of date.
  func requireCurrent(_ lock: ProjectLock, _ now: ProjectLock.Inputs) throws -> Bool {
    guard let then = lock.inputs else { return false }
    guard let change = now.change(since: then) else { return true }
    let file = directory.pushing(FilePath(change.subject)).withoutDots
    let subject = change.subject == "opz.yaml" ? change.subject : file.string
    throw FlowError(
      .conflict, subject, reason: "\(change.reason), so the locked packages may not match the requirements",
      hint: "opz lock \(directory)")
  }

  /// Detects a required package that is missing from the lock, for example because a merge dropped it.
  /// - Throws: `FlowError` of category `conflict` with the file and line of the requirement.
  func requireAll(
    _ requirements: RequirementsFile?, in wheels: [LockedWheel], _ target: PythonTarget, lock: FilePath,
    inputs: ProjectLock.Inputs
  ) throws {
    // uv's settings can exclude a required package on purpose.
    let hasSettings = inputs.files.keys.contains {
      ["uv.toml", "pyproject.toml"].contains(FilePath($0).lastComponent?.string)
    }
    guard let requirements, !hasSettings else { return }
    let known = Set(wheels.map(\.name.normalizedDistribution))
    for item in requirements.items where !item.isConstraint && item.marker?.holds(for: target) != false {
      guard !known.contains(item.name) else { continue }
      throw FlowError(
        .conflict, lock.string, reason: "it lacks \(item.name), which \(item.location) requires",
        hint: "opz lock --update \(directory) resolves everything again")
    }
  }

  /// Refuses a lock without MLflow where MLflow loads the model.
  /// - Throws: `FlowError` of category `failed`.
  func requireMLflow(in wheels: [LockedWheel], _ lock: FilePath) throws {
    guard config.isLoadedByMLflow,
      !wheels.contains(where: { ["mlflow", "mlflow-skinny"].contains($0.name.normalizedDistribution) })
    else { return }
    throw FlowError(
      .failed, lock.string, reason: "it has no mlflow, which loads the model",
      hint: "add mlflow to the requirements, then run opz lock")
  }

  /// Refuses to write a lock over one of the user's files that is not a lock.
  /// - Throws: `FlowError` of category `conflict`.
  func requireLockPlace(_ path: FilePath) throws {
    let inputs = try source().map { source in
      switch source {
      case .requirements(let file): [file.lexicallyNormalized()]
      case .project(let directory): [directory.appending("uv.lock").lexicallyNormalized()]
      }
    }
    let isInput = inputs?.contains(path.lexicallyNormalized()) ?? false
    guard isInput || path.lastComponent == "uv.lock" || path.lastComponent == "pyproject.toml" else {
      guard let status = try FileStatus.find(path), status.kind == .file, status.size > 0, status.size < 16 << 20,
        !String(decoding: try FileBlob(path, size: status.size).bytes(), as: UTF8.self).contains("lock-version")
      else { return }
      throw FlowError(
        .conflict, path.string, reason: "it is not a pylock.toml, and opz lock would overwrite it",
        hint: "name another file in runtime.lock, or move this one away")
    }
    throw FlowError(
      .conflict, "runtime.lock: \(config.runtime.lock ?? "")",
      reason: "this file is an input of the lock, so it cannot be the lock itself",
      hint: "remove runtime.lock: opz lock reads this file and writes pylock.toml")
  }

  /// The lock of a platform: the file that `opz.yaml` names, `pylock.toml`, or one per platform if there are several.
  func lock(for platform: Platform) -> FilePath {
    if let named = config.runtime.lock { return directory.pushing(FilePath(named)).withoutDots }
    guard config.platforms.count > 1 else { return directory.appending("pylock.toml") }
    let name = platform.description.replacing("/", with: "-")
    return directory.appending("pylock.\(name).toml")
  }

  func target(for platform: Platform, _ facts: BaseFacts) throws -> PythonTarget {
    let base = config.base ?? "the base"
    let wanted = config.runtime.python.map { $0.split(separator: ".").prefix(2).joined(separator: ".") }
    let version: String
    if let wanted {
      guard facts.python.isEmpty || facts.python.contains(wanted) else {
        throw FlowError(
          .failed, "runtime.python: \(wanted)", reason: "\(base) has Python \(facts.python.joined(separator: ", "))",
          hint: "use a base with Python \(wanted), or another version")
      }
      version = wanted
    } else {
      guard facts.python.count == 1, let only = facts.python.first else {
        throw FlowError(
          .failed, base,
          reason: facts.python.isEmpty
            ? "no Python was found in it" : "it has Python \(facts.python.joined(separator: ", "))",
          hint: "write python: \"3.12\" below runtime")
      }
      version = only
    }
    guard let minor = version.split(separator: ".").last.flatMap({ Int($0) }) else {
      throw FlowError(.failed, "runtime.python: \(version)", reason: "not a version of Python 3")
    }
    return try PythonTarget(minor: minor, platform: platform, library: try facts.library(of: base))
  }

  func layout(_ target: PythonTarget) throws -> InstallLayout {
    let python = "3.\(target.minor)"
    return try InstallLayout(prefix: PythonProject.prefix, python: python, interpreter: "/usr/bin/env python\(python)")
  }
}
