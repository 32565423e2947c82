public import OpzIO
public import OpzJSON
import OpzOCI

/// Where a version comes from. None of it is part of the image's content.
public struct Lineage: Codable, Sendable, Hashable {
  /// The git commit of the project directory, if it is in a repository.
  public var git: GitCommit?
  public var data: [DataFile]
  /// Names to numbers or texts, as the metrics file has them.
  public var metrics: JSONValue?
  /// The version that this one was made from: `churn@1.1.0`.
  public var parent: String?
  public var tags: [String: String]

  public init(
    git: GitCommit? = nil, data: [DataFile] = [], metrics: JSONValue? = nil, parent: String? = nil,
    tags: [String: String] = [:]
  ) {
    self.git = git
    self.data = data
    self.metrics = metrics
    self.parent = parent
    self.tags = tags
  }

  public struct GitCommit: Codable, Sendable, Hashable {
    public var commit: String
    public var branch: String?
    /// Without credentials.
    public var remote: String?
    /// The project directory had changes that were not committed.
    public var dirty: Bool

    public init(commit: String, branch: String?, remote: String?, dirty: Bool) {
      self.commit = commit
      self.branch = branch
      self.remote = remote
      self.dirty = dirty
    }
  }

  public struct DataFile: Codable, Sendable, Hashable {
    public var path: String
    public var digest: Digest
    public var size: UInt64

    public init(path: String, digest: Digest, size: UInt64) {
      self.path = path
      self.digest = digest
      self.size = size
    }
  }
}
