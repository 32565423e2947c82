public import OpzIO
import OpzTOML
public import SystemPackage

/// The digests of the files that a resolution of Python packages depends on.
public enum LockInputs {
  /// Which part of a file affects the lock.
  enum Part: Equatable {
    case whole
    /// A wheel that a requirement names by path; it may be large.
    case wheel
    /// A directory that a wheel is built from.
    case source
    /// The dependencies and uv's settings in a pyproject.toml; the rest does not affect the lock.
    case dependencies
    /// Only uv's settings.
    case settings
  }

  private static let maximumBytes = 16 << 20

  /// Computes the digests.
  /// - Parameters:
  ///   - source: what is resolved.
  ///   - requirements: the parsed requirements file, if the source is one.
  ///   - project: the project's directory, which the digests' paths are relative to.
  ///   - base: the directory that paths in requirements are relative to.
  ///   - locks: the locks with their directories, which name wheels by path and directories that wheels are built from.
  /// - Returns: digests by path, with `/`; paths outside the project start with `..`, and `/` ends a directory's.
  public static func digests(
    of source: UvCompile.Source, _ requirements: RequirementsFile?, in project: FilePath, paths base: FilePath,
    locks: [(lock: PythonLock, directory: FilePath)]
  ) throws -> [String: Digest] {
    var parts: [FilePath: Part] = [:]
    for (lock, directory) in locks {
      for path in lock.namedWheels { parts[directory.pushing(FilePath(path)).lexicallyNormalized()] = .wheel }
      for path in lock.sourceDirectories { parts[directory.pushing(FilePath(path)).lexicallyNormalized()] = .source }
    }
    switch source {
    case .requirements(let file):
      if let requirements {
        for file in requirements.files { parts[file] = .whole }
        for file in requirements.localFiles {
          let place = base.pushing(file).lexicallyNormalized()
          if parts[place] == nil { parts[place] = .wheel }
        }
      } else {
        parts[file.lexicallyNormalized()] = file.lastComponent == "pyproject.toml" ? .dependencies : .whole
      }
    case .project(let directory):
      parts[directory.appending("uv.lock").lexicallyNormalized()] = .whole
      parts[directory.appending("pyproject.toml").lexicallyNormalized()] = .dependencies
    }
    if let (file, part) = try settings(project), parts[file] == nil { parts[file] = part }
    return try Dictionary(
      parts.compactMap { file, part in
        let path = relative(file, to: project.lexicallyNormalized())
        return try digest(of: file, part).map { (part == .source ? "\(path.isEmpty ? "." : path)/" : path, $0) }
      }, uniquingKeysWith: { one, _ in one })
  }

  /// The nearest file from which uv reads its settings: uv.toml, or a pyproject.toml with `[tool.uv]`.
  private static func settings(_ project: FilePath) throws -> (FilePath, Part)? {
    var directory = project.lexicallyNormalized()
    while true {
      let own = directory.appending("uv.toml")
      if try FileStatus.find(own)?.kind == .file { return (own, .whole) }
      let file = directory.appending("pyproject.toml")
      if try FileStatus.find(file)?.kind == .file, document(file)?["tool"]?["uv"] != nil { return (file, .settings) }
      guard directory.isAbsolute, !directory.removingLastComponent().isEmpty, directory.lastComponent != nil else {
        return nil
      }
      directory.removeLastComponent()
    }
  }

  private static func document(_ file: FilePath) -> TOMLValue? {
    guard let status = (try? FileStatus.find(file)) ?? nil, status.kind == .file, status.size <= UInt64(maximumBytes),
      let bytes = try? FileBlob(file, size: status.size).bytes()
    else { return nil }
    return try? TOMLReader.read(String(decoding: bytes, as: UTF8.self))
  }

  /// Nil if there is no such file.
  private static func digest(of file: FilePath, _ part: Part) throws -> Digest? {
    guard let status = try FileStatus.find(file.isEmpty ? "." : file) else { return nil }
    if part == .source { return status.kind == .directory ? try SourceDigest.of(file.isEmpty ? "." : file) : nil }
    if part == .wheel {
      // A directory counts as the source that the lock names.
      guard status.kind == .file else { return nil }
      var hasher = DigestHasher(.sha256)
      try FileBlob(file, size: status.size).forEachChunk { hasher.update($0) }
      return hasher.finish()
    }
    guard status.kind == .file, status.size <= UInt64(maximumBytes) else {
      throw PythonError(.malformed, file.string, reason: "not a regular file of at most \(maximumBytes) bytes")
    }
    // A file that cannot be parsed is hashed as a whole: uv reports what is wrong with it.
    guard part != .whole, let document = document(file) else {
      return Digest.of(try FileBlob(file, size: status.size).bytes())
    }
    var text = ""
    let project = document["project"]
    if part == .dependencies {
      for key in ["name", "dependencies", "optional-dependencies", "requires-python", "dynamic"] {
        append(key, project?[key], to: &text)
      }
      append("dependency-groups", document["dependency-groups"], to: &text)
      append("build-system", document["build-system"], to: &text)
    }
    append("tool.uv", document["tool"]?["uv"], to: &text)
    return Digest.of(Array(text.utf8))
  }

  private static func append(_ key: String, _ value: TOMLValue?, to text: inout String) {
    guard let value else { return }
    text += "\(key) = "
    write(value, to: &text)
    text += "\n"
  }

  /// Writes a canonical form, so that formatting does not change the digest.
  private static func write(_ value: TOMLValue, to text: inout String) {
    func quoted(_ string: String) -> String { "\(string.utf8.count):\(string)" }
    switch value {
    case .string(let string): text += "s\(quoted(string))"
    case .integer(let number): text += "i\(number);"
    case .float(let number): text += "f\(number);"
    case .boolean(let flag): text += flag ? "true;" : "false;"
    case .date(let date): text += "d\(quoted(date))"
    case .array(let items):
      text += "["
      for item in items { write(item, to: &text) }
      text += "]"
    case .table(let table):
      text += "{"
      for (key, member) in table.members.sorted(by: { $0.key < $1.key }) {
        text += quoted(key)
        write(member, to: &text)
      }
      text += "}"
    }
  }

  /// The path of a file from a directory: `../common.txt` for a file next to it.
  public static func relative(_ file: FilePath, to directory: FilePath) -> String {
    guard file.isAbsolute == directory.isAbsolute else { return file.string }
    let (own, other) = (Array(file.components), Array(directory.components))
    let shared = zip(own, other).prefix { $0 == $1 }.count
    return (Array(repeating: "..", count: other.count - shared) + own[shared...].map(\.string)).joined(separator: "/")
  }
}
