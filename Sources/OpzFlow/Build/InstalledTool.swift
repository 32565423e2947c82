import OpzIO
public import SystemPackage

/// A program of somebody else's that a command runs.
public enum InstalledTool: String, Sendable {
  case uv
  /// Of util-linux: starts a program with namespaces of its own.
  case unshare
  case python3, podman, docker, kubectl
  /// DuckDB's program.
  case duckdb

  /// The program: what `OPZ_UV`, `OPZ_DUCKDB` or `OPZ_KUBECTL` names, else the first of that name in PATH; nil if there is
  /// none.
  public func find(_ environment: [String: String]) -> FilePath? {
    let variable: String? =
      switch self {
      case .uv: "OPZ_UV"
      case .duckdb: "OPZ_DUCKDB"
      case .kubectl: "OPZ_KUBECTL"
      default: nil
      }
    if let named = variable.flatMap({ environment[$0] }), !named.isEmpty { return FilePath(named) }
    return ProgramSearch.find(rawValue, in: environment)
  }

  /// Whether the program is installed.
  public func isFound(_ environment: [String: String]) -> Bool { find(environment) != nil }
}
