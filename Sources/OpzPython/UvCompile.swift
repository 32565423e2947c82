import OpzIO
public import SystemPackage

/// Locks requirements with `uv` (PyPI), which resolves and writes pylock.toml with the digest of every wheel.
public struct UvCompile: Sendable {
  public enum Source: Sendable, Hashable {
    /// requirements.txt, requirements.in or pyproject.toml.
    case requirements(FilePath)
    /// The directory of a uv.lock.
    case project(FilePath)
  }

  private let source: Source
  private let target: PythonTarget
  private let environment: [String: String]

  /// - Parameter environment: where uv is found (`OPZ_UV`, else PATH) and what it reads of indexes and proxies.
  public init(_ source: Source, for target: PythonTarget, environment: [String: String]) {
    self.source = source
    self.target = target
    self.environment = environment
  }

  /// The words of the command.
  func arguments(output: FilePath) -> [String] {
    let uv = environment["OPZ_UV"].flatMap { $0.isEmpty ? nil : $0 } ?? "uv"
    switch source {
    case .project(let directory):
      return [
        uv, "export", "--format", "pylock.toml", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "--quiet",
        "--project", directory.string, "--output-file", output.string,
      ]
    case .requirements(let file):
      return [
        uv, "pip", "compile", file.string, "--format", "pylock.toml", "--no-header", "--quiet", "--python-version",
        "3.\(target.minor)", "--python-platform", platform, "--output-file", output.string,
      ]
    }
  }

  /// As `--python-platform` has it: `x86_64-manylinux_2_28`, `aarch64-unknown-linux-musl`.
  private var platform: String {
    switch target.library {
    case .glibc(_, let minor):
      // uv knows some of them; the newest of those that the base has.
      let known = [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17].first { $0 <= minor } ?? 17
      return "\(target.machine)-manylinux_2_\(known)"
    case .musl: return "\(target.machine)-unknown-linux-musl"
    }
  }

  /// Runs uv. It blocks.
  /// - Parameter output: the lock, which uv takes hints from where it is there already, so that only what must move moves.
  /// - Throws: `PythonError.tool` with the end of what uv says.
  public func run(output: FilePath) throws {
    let list = environment.map { "\($0.key)=\($0.value)" }.sorted()
    let result: ChildProcess.Output
    do {
      result = try ChildProcess.run(arguments(output: output), environment: list)
    } catch let failure as IOFailure where failure.category == .notFound {
      throw PythonError(.tool, "uv", "there is no such program", hint: "pip install uv, or name it with OPZ_UV")
    }
    guard result.status == 0 else {
      let lines = UvCompile.masked(result.errorText).split(separator: "\n").suffix(12).joined(separator: "\n  ")
      throw PythonError(
        .tool, "uv", "it could not lock for \(target):\n  \(lines.prefix(3000))",
        hint: "change the requirements, or the version of Python or of the base")
    }
    try makeRelative(output)
  }

  /// Wheels in a directory beside the lock are at absolute places in what uv writes, which mean nothing on another machine.
  private func makeRelative(_ lock: FilePath) throws {
    guard let directory = RealPath.of(lock.removingLastComponent().isEmpty ? "." : lock.removingLastComponent()) else {
      return
    }
    let text = String(decoding: try FileBlob(lock).bytes(), as: UTF8.self)
    let relative = text.replacing("url = \"file://\(directory)/", with: "path = \"")
    if relative != text { try Durable.replace(lock, with: Array(relative.utf8)) }
  }

  /// Text without the users and passwords in addresses.
  static func masked(_ text: String) -> String {
    text.split(separator: "://", omittingEmptySubsequences: false).enumerated().map { index, part in
      guard index > 0 else { return String(part) }
      let authority = part.prefix { !"/ \n\t\"'`)".contains($0) }
      guard let at = authority.lastIndex(of: "@") else { return String(part) }
      return "***" + part[at...]
    }.joined(separator: "://")
  }
}
