public import OpzRegistry
public import SystemPackage

/// The options of `opz package`.
public struct PackageRequest: Sendable {
  public var project: FilePath
  /// Replaces the version in `opz.yaml`.
  public var version: String?
  /// `KEY=VALUE` settings that replace those of `opz.yaml`.
  public var overrides: [String]
  /// The tags that `outputs` and `push` write; the version number if empty.
  public var tags: [String]
  /// `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE`.
  public var outputs: [String]
  /// `HOST/REPO[:TAG]`.
  public var push: String?
  /// For an imported version: the text to use as `opz.yaml`, and the file name that errors show for it.
  public var configuration: (text: String, file: String)?
  /// Replaces the lineage that would be read from the project directory.
  public var lineage: Lineage?
  /// Whether to compare the model's results with the expected ones before the version is recorded.
  public var test: Bool

  /// Creates a request; `configuration` and `lineage` can be set afterwards.
  ///
  /// - Parameters:
  ///   - project: the directory that holds `opz.yaml`.
  ///   - version: replaces the version in `opz.yaml`.
  ///   - overrides: `KEY=VALUE` settings that replace those of `opz.yaml`.
  ///   - tags: the tags that `outputs` and `push` write; the version number if empty.
  ///   - outputs: `oci:DIR`, `oci-archive:FILE` or `docker-archive:FILE`, each written after the version is recorded.
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
