import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The programs of this package that the build produced.
public enum BuiltPrograms {
  /// `opz`, beside the test bundle.
  public static func opz() throws -> FilePath { try beside("opz") }

  /// `opz-hub`, beside the test bundle.
  public static func hub() throws -> FilePath { try beside("opz-hub") }

  /// `opz-server` from the tests' build, beside the test bundle.
  public static func debugServer() throws -> FilePath { try beside("opz-server") }

  private static func beside(_ name: String) throws -> FilePath {
    guard let pointer = realpath("/proc/self/exe", nil) else { throw IOFailure.last("realpath", "/proc/self/exe") }
    defer { free(pointer) }
    return try existing(FilePath(platformString: pointer).removingLastComponent().appending(name))
  }

  /// The statically linked `opz-server`: `OPZ_TEST_SERVER`, or the output of `scripts/build-release`.
  public static func server() throws -> FilePath {
    if let named = ProcessEnvironment.value("OPZ_TEST_SERVER") { return FilePath(named) }
    return try existing(PackageRoot.path().appending(".build/dist/opz-server"))
  }

  private static func existing(_ path: FilePath) throws -> FilePath {
    guard (try? FileStatus.of(path)) != nil else { throw MissingProgram("\(path)") }
    return path
  }
}
