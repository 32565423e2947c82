public import SystemPackage

/// What `opz package` was asked to do.
public struct PackageRequest: Sendable {
  public var project: FilePath
  /// In place of opz.yaml's.
  public var version: String?
  /// `key=value` over opz.yaml.
  public var overrides: [String]
  /// Tags of what `outputs` and `push` write; the version where none is named.
  public var tags: [String]
  /// `oci:DIR` or `docker-archive:FILE`.
  public var outputs: [String]
  /// `HOST/REPO[:TAG]`.
  public var push: String?
  /// Compare the image's model with its expectations before the version is recorded.
  public var test: Bool

  public init(
    project: FilePath, version: String? = nil, overrides: [String] = [], tags: [String] = [], outputs: [String] = [],
    push: String? = nil, test: Bool = false
  ) {
    self.project = project
    self.version = version
    self.overrides = overrides
    self.tags = tags
    self.outputs = outputs
    self.push = push
    self.test = test
  }
}
