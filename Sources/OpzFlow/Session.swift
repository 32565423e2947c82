public import OpzIO
public import OpzRegistry
public import SystemPackage

/// What a command runs in: environment, directory, registry and progress as values, so that many run in one process.
public struct Session: Sendable {
  public var environment: [String: String]
  public var directory: FilePath
  public var registryPath: FilePath
  public var progress: any ProgressSink
  /// `opz 0.1.0`.
  public var tool: String
  /// Plain HTTP to registries that are not on this machine.
  public var insecure = false

  public init(
    environment: [String: String], directory: FilePath, registry: String? = nil,
    progress: any ProgressSink = NoProgress(),
    tool: String
  ) {
    self.environment = environment
    self.directory = directory
    self.progress = progress
    self.tool = tool
    registryPath = directory.pushing(FilePath(Session.registryPath(registry, environment)))
  }

  /// `--registry DIR`, else `OPZ_REGISTRY`, else `$XDG_DATA_HOME/opz/registry`.
  private static func registryPath(_ option: String?, _ environment: [String: String]) -> String {
    if let option { return option }
    if let named = environment["OPZ_REGISTRY"], !named.isEmpty { return named }
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/opz/registry" }
    return (environment["HOME"] ?? "") + "/.local/share/opz/registry"
  }

  /// A path as the user wrote it, from where the command runs.
  public func path(_ text: String) -> FilePath { directory.pushing(FilePath(text)) }

  /// A file for output as the user wrote it: `-` is standard output.
  public func output(_ text: String) -> FilePath { text == "-" ? OutputFile.standardOutput : path(text) }

  /// The registry, which must exist.
  public func openRegistry() throws -> Registry { ofOneHost(try Registry.open(registryPath)) }

  /// The registry, made if there is none.
  public func createRegistry() throws -> Registry { ofOneHost(try Registry.create(registryPath)) }

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
