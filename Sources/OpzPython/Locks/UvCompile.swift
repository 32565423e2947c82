import OpzIO
public import SystemPackage

/// Locks requirements with `uv` (PyPI), which resolves them and writes a pylock.toml with the digest of every wheel.
public struct UvCompile: Sendable {
  /// What the requirements are read from.
  public enum Source: Sendable, Hashable {
    /// requirements.txt, requirements.in or pyproject.toml.
    case requirements(FilePath)
    /// The directory of a uv.lock.
    case project(FilePath)
  }

  /// Which packages may move to a newer version than in the existing lock.
  public enum Upgrade: Sendable, Hashable {
    /// Only packages that no longer meet the requirements.
    case needed
    /// Also these packages, by normalized name.
    case packages([String])
    /// Everything.
    case all
  }

  private let source: Source
  private let target: PythonTarget
  private let environment: [String: String]
  /// The absolute directory whose uv.toml or `[tool.uv]` applies; nil for the working directory.
  public var project: FilePath?
  /// The absolute directory that relative paths in requirements refer to; nil for `project`.
  public var workingDirectory: FilePath?
  /// Whether a project with a uv.lock is itself one of the packages.
  public var includesProject = false
  public var upgrade = Upgrade.needed
  /// The equivalent of pip's `--pre`, which uv ignores in a requirements file.
  public var allowsPrereleases = false
  /// Where PyTorch comes from: `cpu`, `cu126`; nil for what uv's settings say.
  public var torchBackend: String?

  /// - Parameter environment: where uv is found (`OPZ_UV`, or PATH), and its settings for indexes and proxies.
  public init(_ source: Source, for target: PythonTarget, environment: [String: String]) {
    self.source = source
    self.target = target
    self.environment = environment
  }

  /// The arguments of the command.
  func arguments(output: FilePath) -> [String] {
    let uv = UvCompile.program(environment)
    switch source {
    case .project(let directory):
      return [
        uv, "export", "--format", "pylock.toml", "--locked", "--no-dev", "--no-header", "--quiet",
        "--project", directory.string, "--output-file", output.string,
      ] + (includesProject ? [] : ["--no-emit-project"])
    case .requirements(let file):
      return [
        uv, "pip", "compile", file.string, "--format", "pylock.toml", "--no-header", "--quiet", "--python-version",
        "3.\(target.minor)", "--python-platform", platform, "--output-file", output.string,
      ] + (project.map { ["--project", $0.string] } ?? []) + (allowsPrereleases ? ["--prerelease", "allow"] : [])
        + (torchBackend.map { ["--torch-backend", $0] } ?? []) + upgrades
    }
  }

  /// `OPZ_UV`, or `uv` in PATH.
  static func program(_ environment: [String: String]) -> String {
    environment["OPZ_UV"].flatMap { $0.isEmpty ? nil : $0 } ?? "uv"
  }

  private var upgrades: [String] {
    switch upgrade {
    case .needed: []
    case .packages(let names): names.flatMap { ["--upgrade-package", $0] }
    case .all: ["--upgrade"]
    }
  }

  /// The value of `--python-platform`: `x86_64-manylinux_2_28`, `aarch64-unknown-linux-musl`.
  private var platform: String {
    switch target.library {
    case .glibc(_, let minor):
      // uv knows only some versions; use the newest that is not newer than the base's.
      let known = [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17].first { $0 <= minor } ?? 17
      return "\(target.machine)-manylinux_2_\(known)"
    case .musl: return "\(target.machine)-unknown-linux-musl"
    }
  }

  /// Runs uv with a copy of a lock, which is not changed. It blocks.
  ///
  /// - Parameter lock: the lock's path. Its versions change only as far as the upgrade mode requires.
  /// - Returns: the text of the new lock.
  /// - Throws: `PythonError.tool` with the end of uv's output.
  public func resolve(beside lock: FilePath) throws -> String {
    let parent = lock.removingLastComponent()
    // uv writes paths relative to the lock's directory, so the copy must be in or below that.
    let directory = parent.appending("\(Durable.temporaryPrefix)lock-\(UInt64.random(in: 0...UInt64.max))")
    try Durable.makeDirectory(directory)
    defer { try? Durable.removeTree(directory) }
    let output = directory.appending("pylock.toml")
    if upgrade != .all, case .requirements = source, let status = try FileStatus.find(lock), status.kind == .file {
      let text = String(decoding: try FileBlob(lock, size: status.size).bytes(), as: UTF8.self)
      try Durable.replaceWithoutSync(output, with: Array(BuiltWheels.withSources(text).utf8))
    }
    try run(output: output)
    return relative(String(decoding: try FileBlob(output).bytes(), as: UTF8.self), to: parent)
  }

  /// Runs uv. It blocks.
  /// - Parameter output: the lock; if it exists, uv prefers its versions.
  /// - Throws: `PythonError.tool` with the end of uv's output.
  public func run(output: FilePath) throws {
    let list = environment.map { "\($0.key)=\($0.value)" }.sorted()
    let result: ChildProcess.Output
    do {
      result = try ChildProcess.run(
        arguments(output: output), environment: list, directory: workingDirectory ?? project)
    } catch let failure as IOFailure where failure.category == .notFound {
      throw PythonError(.tool, "uv", reason: "there is no such program", hint: "pip install uv, or name it with OPZ_UV")
    }
    guard result.status == 0 else {
      if case .project(let directory) = source, result.errorText.contains("--locked") {
        throw PythonError(
          .outdated, directory.appending("uv.lock").string, reason: "it is not the lock of the current pyproject.toml",
          hint: "uv lock --project \(directory), then opz lock")
      }
      let lines = UvCompile.masked(result.errorText).split(separator: "\n").suffix(12).joined(separator: "\n  ")
      throw PythonError(
        .tool, "uv", reason: "it could not lock for \(target):\n  \(lines.prefix(3000))",
        hint: "change the requirements, or the version of Python or of the base")
    }
  }

  /// Makes the paths of files beside the lock relative: uv writes absolute ones, which are invalid on other machines.
  private func relative(_ text: String, to directory: FilePath) -> String {
    var text = text.replacing("path = \"../", with: "path = \"").replacing("path = \"..\"", with: "path = \".\"")
    for place in Set([directory, RealPath.of(directory.isEmpty ? "." : directory) ?? directory]) where !place.isEmpty {
      text = text.replacing("url = \"file://\(place)/", with: "path = \"").replacing(
        "path = \"\(place)/", with: "path = \""
      ).replacing("path = \"\(place)\"", with: "path = \".\"")
    }
    // The directory itself.
    text = text.replacing("path = \"\"", with: "path = \".\"")
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter {
      !$0.hasPrefix("index = \"file:")
    }.joined(separator: "\n")
  }

  /// Removes users and passwords from URLs.
  static func masked(_ text: String) -> String {
    text.split(separator: "://", omittingEmptySubsequences: false).enumerated().map { index, part in
      guard index > 0 else { return String(part) }
      let authority = part.prefix { !"/ \n\t\"'`)".contains($0) }
      guard let at = authority.lastIndex(of: "@") else { return String(part) }
      return "***" + part[at...]
    }.joined(separator: "://")
  }
}
