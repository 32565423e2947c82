public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a user's own files are, by `HOME` and the XDG base directory specification (0.8).
public enum UserHome {
  /// `HOME`, where it is an absolute path. One that is empty or relative is none: files would be made in `/`, or wherever a command is run.
  public static func directory(_ environment: [String: String]) -> FilePath? {
    absolute("HOME", environment)
  }

  /// `XDG_DATA_HOME`, else `~/.local/share`. A home that is `/` is what containers give to whom they do not know: nothing is kept there.
  public static func data(_ environment: [String: String]) -> FilePath? {
    if let named = absolute("XDG_DATA_HOME", environment) { return named }
    return directory(environment).flatMap { $0 == "/" ? nil : $0.appending(".local").appending("share") }
  }

  /// `XDG_CONFIG_HOME`, else `~/.config`.
  public static func configuration(_ environment: [String: String]) -> FilePath? {
    absolute("XDG_CONFIG_HOME", environment) ?? directory(environment)?.appending(".config")
  }

  /// `XDG_RUNTIME_DIR`.
  public static func runtime(_ environment: [String: String]) -> FilePath? {
    absolute("XDG_RUNTIME_DIR", environment)
  }

  /// The specification: "All paths set in these environment variables must be absolute. If an implementation encounters a relative path [..] it should
  /// consider the path invalid and ignore it."
  private static func absolute(_ name: String, _ environment: [String: String]) -> FilePath? {
    guard let value = environment[name], value.hasPrefix("/"), !value.contains("\0") else { return nil }
    return FilePath(value)
  }
}
