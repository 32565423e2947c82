public import OpzIO
public import OpzRegistry
public import SystemPackage

/// What a command runs in: environment, directory, registry and progress as values, so that many run in one process.
public struct Session: Sendable {
  public var environment: [String: String]
  public var directory: FilePath
  /// Empty where there is no place for one (`requireRegistryPath`).
  public var registryPath: FilePath
  public var progress: any ProgressSink
  /// `opz 0.1.0`.
  public var tool: String
  /// Plain HTTP to registries that are not on this machine.
  public var insecure = false

  /// Creates a session and decides where its registry is.
  ///
  /// - Parameters:
  ///   - environment: the variables that commands see; the process's own are not read.
  ///   - directory: what relative paths start from.
  ///   - registry: the value of `--registry`; nil takes `OPZ_REGISTRY`, `XDG_DATA_HOME` or the user's home directory.
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
    registryPath = Session.registryPath(registry, environment).map { directory.pushing($0) } ?? ""
  }

  /// `--registry DIR`, else `OPZ_REGISTRY`, else `$XDG_DATA_HOME/opz/registry`, else `~/.local/share/opz/registry`; nil without a home.
  private static func registryPath(_ option: String?, _ environment: [String: String]) -> FilePath? {
    if let option { return FilePath(option) }
    if let named = environment["OPZ_REGISTRY"], !named.isEmpty { return FilePath(named) }
    return UserHome.data(environment)?.appending("opz").appending("registry")
  }

  /// - Throws: `FlowError` where there is no place for a registry.
  public func requireRegistryPath() throws -> FilePath {
    let ways = "name it with --registry DIR, or set OPZ_REGISTRY or XDG_DATA_HOME"
    guard !registryPath.isEmpty else {
      throw FlowError(
        .usage, "the registry",
        "there is no place for it: the user has no home directory (HOME is unset, relative or /)",
        hint: ways)
    }
    // No shell has written out the ~ of --registry=~/x, or of a variable that a unit file or a Dockerfile sets.
    if let tilde = registryPath.components.first(where: { $0.string == "~" }) {
      throw FlowError(
        .usage, registryPath.string, "\(tilde) is a directory's name here, which no shell wrote out",
        hint: "write the whole path; \(ways)")
    }
    return registryPath
  }

  /// A path as the user wrote it, from where the command runs.
  public func path(_ text: String) -> FilePath { directory.pushing(FilePath(text)) }

  /// A file for output as the user wrote it: `-` is standard output.
  public func output(_ text: String) -> FilePath { text == "-" ? OutputFile.standardOutput : path(text) }

  /// The registry, which must exist.
  public func openRegistry() throws -> Registry { ofOneHost(try Registry.open(requireRegistryPath())) }

  /// The registry, made if there is none.
  public func createRegistry() throws -> Registry { ofOneHost(try Registry.create(requireRegistryPath())) }

  /// `OPZ_ONE_HOST=1`: no other machine writes to the registry.
  private func ofOneHost(_ registry: Registry) -> Registry {
    var registry = registry
    registry.isOfOneHost = environment["OPZ_ONE_HOST"] == "1"
    return registry
  }

  public var author: Author {
    let user = environment["OPZ_ACTOR"] ?? environment["USER"] ?? environment["LOGNAME"] ?? "unknown"
    return Author(actor: user)
  }

  /// The environment as `NAME=value`, for a child process.
  public var environmentList: [String] { environment.map { "\($0.key)=\($0.value)" }.sorted() }
}
