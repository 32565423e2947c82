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
