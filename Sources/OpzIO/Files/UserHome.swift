public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a user's own files are, by `HOME` and the XDG Base Directory Specification (0.8).
public enum UserHome {
  /// `HOME`, if it is an absolute path. An empty or relative one is ignored: files would be created in `/`, or
  /// wherever a command is run.
  public static func directory(_ environment: [String: String]) -> FilePath? {
    absolute("HOME", environment)
  }

  /// `XDG_DATA_HOME`, else `~/.local/share`. Containers set the home of unknown users to `/`: that gives nil, so
  /// nothing is stored there.
  public static func data(_ environment: [String: String]) -> FilePath? {
    if let named = absolute("XDG_DATA_HOME", environment) { return named }
    return directory(environment).flatMap { $0 == "/" ? nil : $0.appending(".local").appending("share") }
  }

  /// `XDG_CONFIG_HOME`, else `~/.config`; nil without a home.
  public static func configuration(_ environment: [String: String]) -> FilePath? {
    absolute("XDG_CONFIG_HOME", environment) ?? directory(environment)?.appending(".config")
  }

  /// `XDG_RUNTIME_DIR`; nil when unset.
  public static func runtime(_ environment: [String: String]) -> FilePath? {
    absolute("XDG_RUNTIME_DIR", environment)
  }

  /// The specification says: "All paths set in these environment variables must be absolute. If an implementation
  /// encounters a relative path [..] it should consider the path invalid and ignore it."
  private static func absolute(_ name: String, _ environment: [String: String]) -> FilePath? {
    guard let value = environment[name], value.hasPrefix("/"), !value.contains("\0") else { return nil }
    return FilePath(value)
  }
}
