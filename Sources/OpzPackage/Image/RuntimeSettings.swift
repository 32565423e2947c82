public import OpzOCI

/// The part of an image's configuration that comes from opz.yaml.
public struct RuntimeSettings: Codable, Sendable, Hashable {
  /// Replaces the base's entrypoint and command.
  public var command: [String]?
  /// `UID[:GID]`.
  public var user: String
  /// TCP ports.
  public var expose: [Int]
  public var environment: [String: String]
  /// The image has files below `/app`.
  public var hasApplication: Bool
  /// A directory put before those of the base's PATH.
  public var programs: String?
  /// Replaces the base's signal to stop.
  public var stopSignal: String?
  /// The program that starts the command as process 1; nil where the command is process 1 itself.
  public var initProgram: String?

  /// Creates settings for the image's configuration; a nil command keeps the base image's. `expose` lists TCP ports.
  public init(
    command: [String]? = nil, user: String, expose: [Int], environment: [String: String], hasApplication: Bool,
    programs: String? = nil, stopSignal: String? = nil, initProgram: String? = nil
  ) {
    self.command = command
    self.user = user
    self.expose = expose
    self.environment = environment
    self.hasApplication = hasApplication
    self.programs = programs
    self.stopSignal = stopSignal
    self.initProgram = initProgram
  }

  /// The default user and group: neither root nor any user of the host.
  public static let defaultUser = "65532:65532"

  /// The PATH that container runtimes use when an image sets none.
  public static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// The base's configuration overridden by these settings.
  public func applied(to base: ImageConfig.Execution?) -> ImageConfig.Execution {
    var result = base ?? ImageConfig.Execution()
    result.user = user
    result.env = merge(result.env ?? [])
    if let command {
      result.entrypoint = command
      result.cmd = nil
    }
    // A base's own command stays what it is, and whoever replaces it when the container is made keeps the init.
    if let initProgram { result.entrypoint = [initProgram] + (result.entrypoint ?? []) }
    result.workingDir = hasApplication ? "/app" : (result.workingDir ?? "/")
    if !expose.isEmpty {
      let added = Dictionary(expose.map { ("\($0)/tcp", ImageConfig.Empty()) }, uniquingKeysWith: { one, _ in one })
      result.exposedPorts = (result.exposedPorts ?? [:]).merging(added) { one, _ in one }
    }
    if let stopSignal { result.stopSignal = stopSignal }
    if result.stopSignal == nil { result.stopSignal = "SIGTERM" }
    return result
  }

  /// The base's variables in order, with overridden values; then the added ones by name.
  private func merge(_ base: [String]) -> [String] {
    var rest = environment
    if let programs, rest["PATH"] == nil {
      let path = base.first { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? RuntimeSettings.defaultPath
      rest["PATH"] = "\(programs):\(path)"
    }
    var result = base.map { line in
      let name = String(line.prefix { $0 != "=" })
      guard let value = rest.removeValue(forKey: name) else { return line }
      return "\(name)=\(value)"
    }
    result += rest.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.key)=\($0.value)" }
    return result
  }
}
