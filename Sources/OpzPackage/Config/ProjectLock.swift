public import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
public import SystemPackage

/// `opz.lock` beside opz.yaml: what names that move meant when `opz lock` looked. Users commit it.
public struct ProjectLock: Codable, Sendable, Hashable {
  public static let fileName = "opz.lock"

  /// The number of the file's format.
  public var opz = 1
  /// Of each base as opz.yaml names it, the digest of its manifest or index.
  public var bases: [String: Digest] = [:]
  /// What each base has that wheels depend on; for Python runtimes.
  public var facts: [String: BaseFacts]?
  /// What the Python locks were made from; nil in files of an opz that did not look.
  public var inputs: Inputs?

  /// What decides which packages are locked. Where it is not so any more, the lock is old.
  public struct Inputs: Codable, Sendable, Hashable {
    /// By path from the project: of a requirements file and what it includes, uv.lock and uv.toml the sha256 of their bytes, of a
    /// pyproject.toml that of its dependencies and uv's settings.
    public var files: [String: Digest]
    /// By platform, what the packages are for: `Python 3.11 on linux/amd64 with glibc 2.36`.
    public var targets: [String: String]

    /// Creates inputs from digests by path and target descriptions by platform.
    public init(files: [String: Digest] = [:], targets: [String: String] = [:]) {
      self.files = files
      self.targets = targets
    }

    /// What is not as it was, in words; nil where nothing changed.
    public func change(since old: Inputs) -> (subject: String, reason: String)? {
      for path in Set(files.keys).union(old.files.keys).sorted() where files[path] != old.files[path] {
        if files[path] == nil { return (path, "it was locked, and it is not there any more") }
        return (path, old.files[path] == nil ? "it is new since opz lock" : "it changed since opz lock")
      }
      for platform in targets.keys.sorted() where targets[platform] != old.targets[platform] {
        let now = targets[platform] ?? ""
        return (
          "opz.yaml",
          old.targets[platform].map { "the packages are locked for \($0), and \(now) is wanted" }
            ?? "no packages are locked for \(now)"
        )
      }
      return nil
    }
  }

  /// Creates an empty lock.
  public init() {}

  /// The lock of a project, or nil where there is none.
  public static func read(in project: FilePath) throws -> ProjectLock? {
    let path = project.appending(fileName)
    guard try FileStatus.find(path) != nil else { return nil }
    let lock: ProjectLock
    do {
      lock = try CanonicalJSON.decode(
        ProjectLock.self, from: SmallFile.read(path, limit: 1 << 20), subject: path.string)
    } catch let error as any ExplainedError {
      throw PackageError(.badLock, error.subject, error.reason, hint: "opz lock --update writes it anew")
    }
    guard lock.opz == 1 else {
      throw PackageError(
        .badLock, path.string, "the file has format \(lock.opz), this opz reads 1", hint: "use a newer opz")
    }
    return lock
  }

  /// Writes the lock into the project, replacing an older one.
  public func write(in project: FilePath) throws {
    try OutputFile.write(try CanonicalJSON.encodePretty(self), to: project.appending(ProjectLock.fileName))
  }
}
