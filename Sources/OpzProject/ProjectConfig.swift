public import OpzArchive
public import OpzDeploy
public import OpzFormats
public import OpzOCI
public import OpzPackage
public import OpzRegistry
public import OpzYAML

/// The validated content of opz.yaml. `docs/reference/opz-yaml.md` describes the keys, `templates/opz.schema.json` is
/// their schema.
public struct ProjectConfig: Sendable, Hashable {
  public var name: ModelName
  public var version: VersionRule
  public var model: ModelSource
  public var runtime: RuntimeSection
  /// Nil where opz.yaml leaves everything to the server.
  public var serve: ServeSection?
  public var code: [String]
  public var config: [String]
  public var files: [PlacedFiles]
  /// What becomes of symbolic links in all of these.
  public var links = LinkRule.keep
  /// For all layers except weights.
  public var compression: Compression
  public var env: [String: String]
  public var platforms: [Platform]
  public var lineage: LineageSection
  public var deploy: DeploySettings?
  public var push: Push?
  /// Nil where `opz test` goes by its own rules.
  public var test: TestSection?
  /// Nil where the model is compared with nothing.
  public var monitor: MonitorSection?
  /// Nil where the project's own features.sql counts, if there is one.
  public var features: FeaturesSection?
  /// The location of each key, for errors found later.
  public var locations: KeyLocations

  /// The base image: the one that opz.yaml names, or the usual one of workers; nil if there is none.
  public var base: String? {
    guard runtime.base == nil, runtime.hasWorkers else { return runtime.base }
    return RuntimeSection.usualBase(runtime.kind, python: runtime.python, hasPackages: runtime.packages != nil)
  }

  /// Whether MLflow loads the model: in a worker, or by its own server.
  public var isLoadedByMLflow: Bool {
    runtime.kind == .python && (serve?.loader == .mlflow || runtime.command == MLflowModel.serverCommand)
  }

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
    /// The name of the format that the content has to have; nil to go by the content.
    public var format: String?
    /// Whether opz looks at the model: false for `format: unknown`.
    public var isKnown = true
    /// Which iterations of a boosted model the native runtime scores.
    public var iterations = ReadingOptions.Iterations.all
    /// What becomes of a category that the model does not have, wherever the native runtime's model is scored.
    public var unseen = ReadingOptions.Unseen.library
  }

  /// Where `opz push` sends the image when the command line names no destination: the `push` key.
  public struct Push: Sendable, Hashable {
    public var to: String
  }
}
