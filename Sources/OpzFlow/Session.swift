public import OpzFormats
public import OpzIO
public import OpzRegistry
public import SystemPackage

/// What a command runs in: environment, directory, registry and progress. They are values, so that many commands can
/// run in one process.
public struct Session: Sendable {
  public var environment: [String: String]
  public var directory: FilePath
  /// Empty if there is no place for a registry (`requireRegistryPath`).
  public var registryPath: FilePath
  public var progress: any ProgressSink
  /// The formats of models.
  public var formats = ModelFormats.standard
  /// The program and its version: `opz 0.1.0`.
  public var tool: String
  /// Whether to use plain HTTP for registries on other machines.
  public var insecure = false

  /// Creates a session and determines the path of its registry.
  ///
  /// - Parameters:
  ///   - environment: the variables that commands see; the process's own are not read.
  ///   - directory: the directory that relative paths start from.
  ///   - registry: the value of `--registry`; nil uses `OPZ_REGISTRY`, `XDG_DATA_HOME` or the user's home directory.
  ///   - tool: the program and its version as records name it, `opz 0.1.0`.
  public init(
    environment: [String: String], directory: FilePath, registry: String? = nil,
    progress: any ProgressSink = NoProgress(),
    tool: String
  ) {
    self.environment = environment
    self.directory = directory
    self.progress = progress
    self.tool = tool
    registryPath = Session.registryPath(registry, environment).map { directory.pushing($0).withoutDots } ?? ""
  }

  /// `--registry DIR`, else `OPZ_REGISTRY`, else `$XDG_DATA_HOME/opz/registry`, else `~/.local/share/opz/registry`; nil
  /// without a home directory.
  private static func registryPath(_ option: String?, _ environment: [String: String]) -> FilePath? {
    if let option { return FilePath(option) }
    if let named = environment["OPZ_REGISTRY"], !named.isEmpty { return FilePath(named) }
    return UserHome.data(environment)?.appending("opz").appending("registry")
  }

  /// - Throws: `FlowError` of category `usage` if there is no place for a registry.
  public func requireRegistryPath() throws -> FilePath {
    let ways = "name it with --registry DIR, or set OPZ_REGISTRY or XDG_DATA_HOME"
    guard !registryPath.isEmpty else {
      throw FlowError(
        .usage, "the registry",
        reason: "it has no location: the user has no home directory (HOME is unset, relative or /)",
        hint: ways)
    }
    // Shells do not expand the ~ in --registry=~/x, nor in variables of a unit file or a Dockerfile.
    if let tilde = registryPath.components.first(where: { $0.string == "~" }) {
      throw FlowError(
        .usage, registryPath.string, reason: "\(tilde) was not expanded by a shell",
        hint: "write the full path; \(ways)")
    }
    return registryPath
  }

  /// Resolves a path that the user wrote against the session's directory, without the `.` in it: messages show it.
  public func path(_ text: String) -> FilePath { directory.pushing(FilePath(text)).withoutDots }

  /// Resolves an output file that the user wrote; `-` is standard output.
  public func output(_ text: String) -> FilePath { text == "-" ? OutputFile.standardOutput : path(text) }

  /// Opens the registry, which must exist.
  public func openRegistry() throws -> Registry { withSingleHostSetting(try Registry.open(requireRegistryPath())) }

  /// Opens the registry, creating it if it does not exist.
  public func createRegistry() throws -> Registry { withSingleHostSetting(try Registry.create(requireRegistryPath())) }

  /// Applies `OPZ_ONE_HOST=1`: no other machine writes to the registry.
  private func withSingleHostSetting(_ registry: Registry) -> Registry {
    var registry = registry
    registry.isSingleHost = environment["OPZ_ONE_HOST"] == "1"
    return registry
  }

  public var author: Author {
    let user = environment["OPZ_ACTOR"] ?? environment["USER"] ?? environment["LOGNAME"] ?? "unknown"
    return Author(actor: user)
  }

  /// The environment as `NAME=value`, for a child process.
  public var environmentList: [String] { environment.map { "\($0.key)=\($0.value)" }.sorted() }
}
