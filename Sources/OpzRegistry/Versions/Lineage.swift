public import OpzIO
public import OpzJSON
import OpzOCI

/// Where a version came from. Lineage is not part of the image's content.
public struct Lineage: Codable, Sendable, Hashable {
  /// The git commit of the project directory, if it is in a repository.
  public var git: GitCommit?
  public var data: [DataFile]
  /// The content of the metrics file: names with numbers or texts.
  public var metrics: JSONValue?
  /// The version that this one was built from: `churn@1.1.0`.
  public var parent: String?
  public var tags: [String: String]

  /// Creates a lineage; by default nothing is known.
  ///
  /// - Parameters:
  ///   - metrics: an object of names to numbers or texts.
  ///   - parent: the version that this one was made from, `churn@1.1.0`.
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

  /// The commit that a version was packaged from.
  public struct GitCommit: Codable, Sendable, Hashable {
    public var commit: String
    public var branch: String?
    /// Without credentials.
    public var remote: String?
    /// Whether the project directory had uncommitted changes.
    public var dirty: Bool

    /// Creates a commit.
    ///
    /// - Parameters:
    ///   - commit: its object name in hex.
    ///   - branch: nil for a detached HEAD.
    ///   - remote: the URL of the remote, without credentials.
    ///   - dirty: whether the project directory had uncommitted changes.
    public init(commit: String, branch: String?, remote: String?, dirty: Bool) {
      self.commit = commit
      self.branch = branch
      self.remote = remote
      self.dirty = dirty
    }
  }

  /// A data file that the version was built from. Only its digest is kept, not its content.
  public struct DataFile: Codable, Sendable, Hashable {
    public var path: String
    public var digest: Digest
    public var size: UInt64

    /// Creates a data file.
    ///
    /// - Parameters:
    ///   - path: as `opz.yaml` names it.
    ///   - size: bytes.
    public init(path: String, digest: Digest, size: UInt64) {
      self.path = path
      self.digest = digest
      self.size = size
    }
  }
}
