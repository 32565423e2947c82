import OpzIO
public import SystemPackage

/// Builds wheels of source code with uv (`uv build --wheel`), which runs the build system that the source names. Only
/// `opz lock` does this. It blocks.
public struct UvBuild: Sendable {
  private let target: PythonTarget
  private let environment: [String: String]
  /// The project's directory, whose settings of uv apply.
  private let project: FilePath

  /// - Parameter environment: where uv and git are found, and their settings.
  public init(for target: PythonTarget, in project: FilePath, environment: [String: String]) {
    self.target = target
    self.project = project
    self.environment = environment
  }

  /// A wheel that was built.
  public struct Built: Sendable {
    public let name: WheelName
    public let file: FilePath
  }

  /// - Parameters:
  ///   - lock: the directory that the paths of packages are relative to.
  ///   - directory: an empty directory, which takes the wheel and what it is built from.
  /// - Throws: `PythonError.tool` with the end of what git or uv says; `incompatible` for a wheel that does not fit.
  public func build(_ package: SourcePackage, beside lock: FilePath, in directory: FilePath) throws -> Built {
    var source: FilePath
    var seconds: String?
    switch package.place {
    case .directory(let path), .archive(let path):
      source = lock.pushing(FilePath(path)).lexicallyNormalized()
      if source.isEmpty { source = "." }
      guard try FileStatus.find(source) != nil else {
        throw PythonError(
          .notFound, source.string, reason: "\(package.name) is to be built from it, but it does not exist")
      }
    case .git(let url, let commit):
      source = directory.appending("source")
      seconds = try check(out: url, commit, to: source, package)
    }
    if let inside = package.subdirectory { source = source.pushing(FilePath(inside)).lexicallyNormalized() }
    let out = directory.appending("wheels")
    // An archive of the same source at the same time has the same bytes.
    let time = ["SOURCE_DATE_EPOCH": environment["SOURCE_DATE_EPOCH"] ?? seconds ?? "315532800"]
    try run(
      [
        UvCompile.program(environment), "build", "--wheel", "--quiet", "--no-create-gitignore", "--python",
        "3.\(target.minor)", "--out-dir", out.string, source.string,
      ], package, more: time, hint: "uv build --wheel \(source) shows the whole of it")
    let files = try Directory.entries(out).filter { $0.string.hasSuffix(".whl") }
    guard let file = files.first, files.count == 1 else {
      throw PythonError(.tool, "uv build of \(package)", reason: "it made \(files.count) wheels, not 1")
    }
    let name = try WheelName(parsing: file.string)
    guard name.tags.contains(where: { target.rank($0) != nil }) else {
      throw PythonError(
        .incompatible, "\(package)", reason: "its wheel is \(name), which does not fit \(target)",
        hint: "build a wheel for \(target.platform), and name the file in the requirements")
    }
    return Built(name: name, file: out.appending(file))
  }

  /// Checks out a commit with its submodules.
  /// - Returns: when it was committed, in seconds since 1970.
  private func check(out url: String, _ commit: String, to path: FilePath, _ package: SourcePackage) throws -> String {
    guard commit.utf8.count >= 40, Hex.decode(commit.utf8) != nil else {
      throw PythonError(.malformed, "\(package)", reason: "its commit is not a whole hash")
    }
    let hint = "git clone \(UvCompile.masked(url)) shows the whole of it"
    let quiet = ["GIT_TERMINAL_PROMPT": "0"]
    // All tags come along, because some build systems take the version from them.
    try run(
      ["git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", "--", url, path.string], package, more: quiet,
      hint: hint)
    let git = ["git", "-C", path.string]
    do {
      try run(git + ["checkout", "--quiet", "--detach", commit], package, more: quiet, hint: hint)
    } catch {
      // A commit that no branch or tag has.
      try run(git + ["fetch", "--quiet", "origin", commit], package, more: quiet, hint: hint)
      try run(git + ["checkout", "--quiet", "--detach", commit], package, more: quiet, hint: hint)
    }
    try run(git + ["submodule", "--quiet", "update", "--init", "--recursive"], package, more: quiet, hint: hint)
    return try run(git + ["show", "--no-patch", "--format=%ct", commit], package, more: quiet, hint: hint)
  }

  @discardableResult
  private func run(
    _ command: [String], _ package: SourcePackage, more: [String: String], hint: String
  ) throws -> String {
    let list = environment.merging(more) { $1 }.map { "\($0.key)=\($0.value)" }.sorted()
    let result: ChildProcess.Output
    do {
      result = try ChildProcess.run(command, environment: list, directory: project)
    } catch let failure as IOFailure where failure.category == .notFound {
      throw PythonError(
        .tool, command[0], reason: "there is no such program, and \(package) has to be built",
        hint: command[0] == "git" ? "install git" : "pip install uv, or name it with OPZ_UV")
    }
    guard result.status == 0 else {
      let lines = UvCompile.masked(result.errorText).split(separator: "\n").suffix(12).joined(separator: "\n  ")
      throw PythonError(
        .tool, "\(package)", reason: "no wheel could be built of it:\n  \(lines.prefix(3000))", hint: hint)
    }
    return result.text.split(separator: "\n").first.map(String.init) ?? ""
  }
}
