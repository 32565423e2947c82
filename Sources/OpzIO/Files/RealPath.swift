public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Absolute paths without symbolic links and dots (realpath(3)).
public enum RealPath {
  /// Resolves a path; nil where nothing has the name, or where it cannot be resolved.
  public static func of(_ path: FilePath) -> FilePath? {
    guard let pointer = path.withPlatformString({ realpath($0, nil) }) else { return nil }
    defer { free(pointer) }
    return FilePath(platformString: pointer)
  }
}
