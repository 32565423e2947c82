public import OpzRegistry
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
  /// The text of an opz.yaml in place of the project's, and what it is called in errors: for a version that is taken over from elsewhere.
  public var configuration: (text: String, file: String)?
  /// In place of what the project's directory says of where it comes from.
  public var lineage: Lineage?
  /// Compare the image's model with its expectations before the version is recorded.
  public var test: Bool

  /// Creates a request; `configuration` and `lineage` are set afterwards where they are needed.
  ///
  /// - Parameters:
  ///   - project: the directory that holds `opz.yaml`.
  ///   - version: replaces the version in `opz.yaml`.
  ///   - overrides: `KEY=VALUE` settings that replace those of `opz.yaml`.
  ///   - tags: the tags that `outputs` and `push` write; the version number if empty.
  ///   - outputs: `oci:DIR` or `docker-archive:FILE`, each written after the version is recorded.
  ///   - push: `HOST/REPO[:TAG]` to push to; nil does not push.
  ///   - test: whether to compare the model's results with the expected ones before the version is recorded.
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
