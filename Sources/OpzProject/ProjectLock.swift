public import OpzIO
import OpzJSON
import OpzOCI
public import OpzPackage
import OpzStore
public import SystemPackage

/// `opz.lock` next to opz.yaml: what mutable names resolved to when `opz lock` ran. Users commit it.
public struct ProjectLock: Codable, Sendable, Hashable {
  public static let fileName = "opz.lock"

  /// The version of the file format.
  public var opz = 1
  /// By base as named in opz.yaml, the digest of its manifest or index.
  public var bases: [String: Digest] = [:]
  /// Properties of each base that wheels depend on; for Python runtimes.
  public var facts: [String: BaseFacts]?
  /// The inputs of the Python locks; nil in files of older versions of opz.
  public var inputs: Inputs?

  /// What the selection of packages depends on. The lock is outdated when it changes.
  public struct Inputs: Codable, Sendable, Hashable {
    /// SHA-256 by path relative to the project: for requirements files with their includes, uv.lock and uv.toml, of
    /// their bytes; for a pyproject.toml, of its dependencies and uv's settings.
    public var files: [String: Digest]
    /// By platform, the target of the packages: `Python 3.11 on linux/amd64 with glibc 2.36`.
    public var targets: [String: String]

    /// Creates inputs from digests by path and target descriptions by platform.
    public init(files: [String: Digest] = [:], targets: [String: String] = [:]) {
      self.files = files
      self.targets = targets
    }

    /// The first change since `old`, described for users; nil if nothing changed.
    public func change(since old: Inputs) -> (subject: String, reason: String)? {
      for path in Set(files.keys).union(old.files.keys).sorted() where files[path] != old.files[path] {
        if files[path] == nil { return (path, "it was locked, but does not exist anymore") }
        return (path, old.files[path] == nil ? "it is new since opz lock" : "it changed since opz lock")
      }
      for platform in targets.keys.sorted() where targets[platform] != old.targets[platform] {
        let now = targets[platform] ?? ""
        return (
          "opz.yaml",
          old.targets[platform].map { "the packages are locked for \($0), but \(now) is needed" }
            ?? "no packages are locked for \(now)"
        )
      }
      return nil
    }
  }

  /// Creates an empty lock.
  public init() {}

  /// The lock of a project; nil if there is none.
  public static func read(in project: FilePath) throws -> ProjectLock? {
    let path = project.appending(fileName)
    guard try FileStatus.find(path) != nil else { return nil }
    let lock: ProjectLock
    do {
      lock = try CanonicalJSON.decode(
        ProjectLock.self, from: SmallFile.read(path, limit: 1 << 20), subject: path.string)
    } catch let error as any ExplainedError {
      throw PackageError(.badLock, error.subject, reason: error.reason, hint: "opz lock --update writes a new one")
    }
    guard lock.opz == 1 else {
      throw PackageError(
        .badLock, path.string, reason: "the file has format \(lock.opz), this opz reads 1", hint: "use a newer opz")
    }
    return lock
  }

  /// Writes the lock into the project, replacing an older one.
  public func write(in project: FilePath) throws {
    try OutputFile.write(try CanonicalJSON.encodePretty(self), to: project.appending(ProjectLock.fileName))
  }
}
