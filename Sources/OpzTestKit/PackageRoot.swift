public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the sources of this package are.
public enum PackageRoot {
  /// - Parameter file: a source file three directories below: `Tests/X/Y.swift`, `Sources/X/Y.swift`.
  public static func path(_ file: String = #filePath) -> FilePath {
    FilePath(file).removingLastComponent().removingLastComponent().removingLastComponent()
  }
}

/// The environment of the tests, read only: it is one for all of them.
public enum ProcessEnvironment {
  public static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
