public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Locates the sources of this package.
public enum PackageRoot {
  /// - Parameter file: any source file of the package.
  public static func path(_ file: String = #filePath) -> FilePath {
    var place = FilePath(file).removingLastComponent()
    while !isRoot(place), place.removeLastComponent() {}
    return place
  }

  private static func isRoot(_ place: FilePath) -> Bool {
    place.appending("Package.swift").withPlatformString { access($0, F_OK) } == 0
  }
}

/// The environment of the test process. Read-only, because all tests share it.
public enum ProcessEnvironment {
  /// The value of an environment variable; nil when it is unset or empty.
  public static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
