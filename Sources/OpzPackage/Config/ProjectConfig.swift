public import OpzArchive
public import OpzDeploy
public import OpzOCI
public import OpzYAML

/// The validated content of opz.yaml. `docs/reference/opz-yaml.md` describes the keys, `templates/opz.schema.json` is
/// their schema.
public struct ProjectConfig: Sendable, Hashable {
  public var name: ModelName
  public var version: VersionRule
  public var model: ModelSource
  public var runtime: Runtime
  public var code: [String]
  public var config: [String]
  public var files: [PlacedFiles]
  /// For all layers except weights.
  public var compression: Compression
  public var env: [String: String]
  public var platforms: [Platform]
  public var lineage: LineageSources
  public var deploy: DeploySettings?
  public var push: Push?
  /// The location of each key, for errors found later.
  public var places: KeyPlaces

  /// How the version is chosen: by opz from what changed (`auto`), or the one that opz.yaml names.
  public enum VersionRule: Sendable, Hashable {
    case auto
    case fixed(SemanticVersion)

    public var fixed: SemanticVersion? {
      if case .fixed(let version) = self { version } else { nil }
    }
  }

  /// The model files of the project and their format: the `model` key.
  public struct ModelSource: Sendable, Hashable {
    /// A file or a directory, below the project.
    public var path: String
    /// `auto`, or the name of a format.
    public var format: String
  }

  /// What runs in the image: the `runtime` key.
  public struct Runtime: Sendable, Hashable {
    /// The kind of runtime, spelled as in opz.yaml.
    public enum Kind: String, Sendable, CaseIterable {
      case native, python, custom, model
    }

    public var kind: Kind
    /// `scratch`, `oci:DIR[:TAG]` or `HOST/REPO[:TAG|@DIGEST]`.
    public var base: String?
    public var python: String?
    public var requirements: String?
    public var lock: String?
    public var command: [String]
    /// `UID[:GID]`.
    public var user: String?
    public var expose: [Int]
  }

  /// A file or directory with a destination in opz.yaml.
  public struct PlacedFiles: Sendable, Hashable {
    public var path: String
    /// Absolute, in the image.
    public var to: String
    public var owner: SourceFile.Owner
    /// Permission bits of files; directories get execute bits where files have read bits. Nil: 0644, or 0755 for
    /// executable files.
    public var mode: UInt32?
  }

  /// Where the image's lineage comes from (data, metrics, parent, tags): the `lineage` key.
  public struct LineageSources: Sendable, Hashable {
    public var data: [String]
    public var metrics: String?
    public var parent: String?
    public var tags: [String: String]
  }

  /// Where `opz push` sends the image when the command line names no destination: the `push` key.
  public struct Push: Sendable, Hashable {
    public var to: String
  }
}
