import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The companion programs that are installed next to `opz`.
public enum InstalledProgram: String, Sendable {
  case server = "opz-server"
  case hub = "opz-hub"

  /// The environment variable that overrides the path: `OPZ_SERVER`, `OPZ_HUB`.
  public var variable: String { self == .server ? "OPZ_SERVER" : "OPZ_HUB" }

  /// The path from the environment variable, or the file next to this program; nil if neither exists.
  public func find(_ environment: [String: String]) -> FilePath? {
    if let named = environment[variable], !named.isEmpty { return FilePath(named) }
    guard let pointer = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(pointer) }
    let beside = FilePath(platformString: pointer).removingLastComponent().appending(rawValue)
    return ((try? FileStatus.find(beside)) ?? nil) == nil ? nil : beside
  }

  /// The path of the program.
  /// - Parameter install: the command that installs it, for the hint.
  /// - Throws: `FlowError` of category `notFound`.
  public func require(_ environment: [String: String], install: String) throws -> FilePath {
    if let found = find(environment) { return found }
    throw FlowError(
      .notFound, rawValue, reason: "not installed next to opz", hint: "\(install); or set \(variable) to its path")
  }
}
