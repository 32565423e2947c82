public import OpzIO
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

  public func write(in project: FilePath) throws {
    try Durable.replace(project.appending(ProjectLock.fileName), with: try CanonicalJSON.encodePretty(self))
  }
}
