import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The programs that belong to this opz and are installed beside it.
public enum InstalledProgram: String, Sendable {
  case server = "opz-server"
  case hub = "opz-hub"

  /// The variable that names another file: `OPZ_SERVER`, `OPZ_HUB`.
  public var variable: String { self == .server ? "OPZ_SERVER" : "OPZ_HUB" }

  /// What the variable names, else the file beside this program.
  public func find(_ environment: [String: String]) -> FilePath? {
    if let named = environment[variable], !named.isEmpty { return FilePath(named) }
    guard let pointer = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(pointer) }
    let beside = FilePath(platformString: pointer).removingLastComponent().appending(rawValue)
    return ((try? FileStatus.find(beside)) ?? nil) == nil ? nil : beside
  }

  /// The program.
  /// - Parameter install: the words of the command that installs it.
  /// - Throws: `FlowError.notFound`
  public func require(_ environment: [String: String], install: String) throws -> FilePath {
    if let found = find(environment) { return found }
    throw FlowError(.notFound, rawValue, "not beside opz", hint: "\(install); \(variable) names another")
  }
}
