public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Marks files of a cache as used, so that those that nobody uses go first.
public enum RecentUse {
  /// Sets the file's modification time to now. A file that cannot be changed keeps its time.
  public static func mark(_ path: FilePath) { _ = path.withPlatformString { utimensat(AT_FDCWD, $0, nil, 0) } }
}
