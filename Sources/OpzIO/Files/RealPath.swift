public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A path without links and dots in it (realpath(3)).
public enum RealPath {
  /// Nil where nothing has the name.
  public static func of(_ path: FilePath) -> FilePath? {
    guard let pointer = path.withPlatformString({ realpath($0, nil) }) else { return nil }
    defer { free(pointer) }
    return FilePath(platformString: pointer)
  }
}
