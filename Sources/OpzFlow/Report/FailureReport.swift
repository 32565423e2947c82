public import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a failure needs to be reproduced, as one document (`--report FILE`): the command, the error, what was said
/// before, the machine, and the texts of the project. It has no secrets and no file names outside of the project.
public struct FailureReport: Sendable, Encodable {
  /// The error that ended the command.
  public struct Problem: Sendable, Encodable {
    let category: String
    let subject: String
    let reason: String
    let hint: String?
  }

  /// Where the command ran.
  public struct Machine: Sendable, Encodable {
    let system: String
    let kernel: String
    let processor: String
    let cores: Int
  }

  /// `opz 0.1.0`.
  public let tool: String
  public let at: String
  public let command: [String]
  public let exit: Int32
  public let error: Problem
  /// What was printed on standard error before.
  public let notes: [String]
  public let machine: Machine
  /// Variables that change what opz does; those that may have a secret only say that they are set.
  public let environment: [String: String]
  /// Where programs of others were found, by name.
  public let programs: [String: String]
  /// The texts that opz reads of a project, by path.
  public let files: [String: String]

  /// The most bytes of a file that is included.
  private static let fileLimit = 256 << 10
  private static let names = [
    "opz.yaml", "opz.lock", "requirements.txt", "pyproject.toml", "uv.toml", "MLmodel", ".opzignore", "policy.yaml",
  ]
  /// Variables whose values have no secrets; what others of opz have is not shown.
  private static let variables = [
    "OPZ_REGISTRY", "OPZ_ONE_HOST", "OPZ_SERVER", "OPZ_HUB", "OPZ_KUBECTL", "OPZ_UV", "OPZ_MIRRORS", "OPZ_PUSH_STATE",
    "SOURCE_DATE_EPOCH", "XDG_DATA_HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "TERM", "CI",
  ]
  private static let setOnly = [
    "OPZ_ACTOR", "OPZ_KEY_PASSWORD", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "KUBECONFIG", "UV_INDEX_URL", "PIP_INDEX_URL",
  ]

  /// Collects the facts.
  /// - Parameters:
  ///   - error: what ended the command.
  ///   - exit: the command's exit code.
  ///   - arguments: the command's arguments, without the program.
  ///   - notes: what was printed on standard error.
  public init(_ error: any Error, exit: Int32, arguments: [String], notes: [String], in session: Session) {
    let filter = WithoutSecrets(home: session.environment["HOME"] ?? "")
    let explained = error as? any ExplainedError
    tool = session.tool
    at = session.author.at.seconds
    command = arguments.map(filter.argument)
    self.exit = exit
    self.error = Problem(
      category: explained?.category.rawValue ?? "other", subject: filter.text(explained?.subject ?? ""),
      reason: filter.text(explained?.reason ?? "\(error)"), hint: explained?.hint.map(filter.text))
    self.notes = notes.map(filter.text)
    machine = FailureReport.machine()
    var environment: [String: String] = [:]
    for name in FailureReport.variables { environment[name] = session.environment[name].map(filter.argument) }
    for name in FailureReport.setOnly where session.environment[name] != nil { environment[name] = "(set)" }
    self.environment = environment
    let found = [InstalledTool.uv, .unshare, .python3, .podman, .docker].compactMap { tool in
      tool.find(session.environment).map { (tool.rawValue, filter.text($0.string)) }
    }
    programs = Dictionary(found, uniquingKeysWith: { one, _ in one })
    files = FailureReport.files(arguments, filter, in: session)
  }

  private static func machine() -> Machine {
    var name = utsname()
    uname(&name)
    func text<Field>(_ field: Field) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    let release = (try? SmallFile.read("/etc/os-release", limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) }
    let pretty = release?.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
    return Machine(
      system: pretty.map { $0.dropFirst(12).filter { $0 != "\"" } } ?? text(name.sysname), kernel: text(name.release),
      processor: text(name.machine), cores: Cores.count)
  }

  /// The project that an argument names, else the one of the working directory.
  private static func files(
    _ arguments: [String], _ filter: WithoutSecrets, in session: Session
  ) -> [String: String] {
    let named = arguments.filter { !$0.hasPrefix("-") }.map { session.path($0) }
    let projects = (named + [session.directory]).filter { directory in
      names.contains { ((try? FileStatus.find(directory.appending($0))) ?? nil)?.kind == .file }
    }
    guard let project = projects.first else { return [:] }
    var found: [String: String] = [:]
    for name in names {
      let path = project.appending(name)
      guard let status = (try? FileStatus.find(path)) ?? nil, status.kind == .file,
        let bytes = try? SmallFile.read(path, limit: fileLimit)
      else { continue }
      found[name] = filter.text(String(decoding: bytes, as: UTF8.self))
    }
    return found
  }
}
