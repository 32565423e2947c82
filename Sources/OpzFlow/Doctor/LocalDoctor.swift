import OpzDatabase
public import OpzDistribution
import OpzHTTP
import OpzIO
import OpzRegistry
import OpzStore
import SystemPackage

/// Finds out whether this machine has what opz needs, and says how to get what is missing: `opz doctor`.
public struct LocalDoctor: Sendable {
  private let session: Session
  private let installation: Installation

  /// What was found.
  public struct Report: Encodable, Sendable {
    /// The version of the JSON format.
    public let format = 1
    public let installation: Installation
    public let findings: [RemoteProbe.Finding]

    /// Whether no check failed.
    public var isHealthy: Bool { !findings.contains { $0.verdict == .fail } }
  }

  /// Sets up the checks.
  /// - Parameter version: this program's.
  public init(_ session: Session, version: String) {
    self.session = session
    installation = Installation(version: version, environment: session.environment)
  }

  /// Runs the checks one after the other. A failed check is a finding, not an error. Nothing is left behind.
  public func run() -> Report {
    var findings = [program()] + installation.libraries.compactMap(library)
    findings += [certificates(), server(), registry()]
    findings += [engine(.docker), engine(.podman)]
    findings += tools() + databases()
    return Report(installation: installation, findings: findings)
  }

  // MARK: The installation

  private func program() -> RemoteProbe.Finding {
    let place = installation.program ?? "unknown place"
    return .init("program", .ok, found: "opz \(installation.version) (\(installation.platform)) at \(place)")
  }

  /// A library that is part of the program is always there.
  private func library(_ library: LibraryFacts) -> RemoteProbe.Finding? {
    if let problem = library.problem {
      let isEssential = library.name != "SQLite"
      return .init(
        library.name, isEssential ? .fail : .warn, found: "\(problem) (needed for: \(library.use))",
        action: library.hint ?? "")
    }
    guard let path = library.path else { return nil }
    // libcurl names what it is linked to as well.
    return .init(library.name, .ok, found: "\(library.version?.prefix { $0 != " " } ?? "") at \(path)")
  }

  private func certificates() -> RemoteProbe.Finding {
    let found = TrustedCertificates.find(session.environment)
    if let found { return .init("certificates", .ok, found: found) }
    return .init(
      "certificates", .fail, found: "no file of certificate authorities, so no registry can be trusted over https",
      action: "apt-get install ca-certificates, or set SSL_CERT_FILE")
  }

  private func server() -> RemoteProbe.Finding {
    if let server = installation.server { return .init("opz-server", .ok, found: server) }
    return .init(
      "opz-server", .warn, found: "not beside opz: native images and opz serve need it",
      action: "set OPZ_SERVER to its path; every way to install opz brings it")
  }

  // MARK: The registry

  private func registry() -> RemoteProbe.Finding {
    do {
      let path = try session.requireRegistryPath()
      let exists = try FileStatus.find(path) != nil
      if (try? Registry.open(path)) == nil { try Registry.requireRoom(path) }
      // A file without a name.
      let place = exists ? path : LocalDoctor.ancestor(of: path)
      _ = try NewFile(in: place)
      let type = MountTable.current()?.mount(of: RealPath.of(place) ?? path)?.type
      return .init(
        "registry", .ok,
        found:
          "\(path) \(exists ? "is writable" : "does not exist yet and can be made")\(type.map { " (\($0))" } ?? "")")
    } catch {
      let explained = error as? any ExplainedError
      return .init(
        "registry", .fail,
        found: explained.map { $0.subject.isEmpty ? $0.reason : "\($0.subject): \($0.reason)" } ?? "\(error)",
        action: explained?.hint ?? "name another directory with --registry DIR or OPZ_REGISTRY")
    }
  }

  /// The path itself if it exists, else the nearest directory above that does.
  private static func ancestor(of path: FilePath) -> FilePath {
    var path = path
    while (try? FileStatus.find(path)) ?? nil == nil, path.lastComponent != nil { path.removeLastComponent() }
    return path
  }

  // MARK: Other programs

  /// A container engine: opz needs none, but an image is run by one.
  private func engine(_ engine: InstalledTool) -> RemoteProbe.Finding {
    guard let program = engine.find(session.environment) else {
      return .init(engine.rawValue, .skipped, found: "not installed; opz needs no container engine")
    }
    let format = engine == .docker ? "{{.Server.Version}}" : "{{.Client.Version}}"
    let result = run([program.string, "version", "--format", format])
    guard let result, result.status == 0, let version = LocalDoctor.firstLine(result.text) else {
      let reason = result.flatMap { LocalDoctor.firstLine($0.errorText) } ?? "it does not answer"
      return .init(
        engine.rawValue, .warn, found: "\(program): \(reason)", action: "images can be made, but not run by it")
    }
    return .init(engine.rawValue, .ok, found: "\(version) at \(program)")
  }

  private func tools() -> [RemoteProbe.Finding] {
    [
      tool("uv", InstalledTool.uv.find(session.environment), use: "opz lock of Python models", get: "pip install uv"),
      tool(
        "unshare", InstalledTool.unshare.find(session.environment), use: "opz test of Python and R models",
        get: "apt-get install util-linux"),
      tool(
        "kubectl", InstalledTool.kubectl.find(session.environment), use: "opz deploy --apply and --diff",
        get: "install kubectl, or name it with OPZ_KUBECTL"),
    ]
  }

  /// What databases are reached by; nobody needs all of it.
  private func databases() -> [RemoteProbe.Finding] {
    let duckdb = tool(
      "duckdb", InstalledTool.duckdb.find(session.environment), use: "opz sql verify in DuckDB",
      get: "pip install duckdb-cli")
    return [duckdb]
      + DatabaseLibrary.all().map { library in
        guard library.problem == nil else {
          return .init(
            library.name, .skipped, found: "not installed; opz sql and opz score --database in \(library.use) need it",
            action: library.hint)
        }
        return .init(library.name, .ok, found: library.path ?? "loaded, for \(library.use)")
      }
  }

  private func tool(_ name: String, _ path: FilePath?, use: String, get: String) -> RemoteProbe.Finding {
    if let path { return .init(name, .ok, found: path.string) }
    return .init(name, .skipped, found: "not installed; \(use) needs it", action: get)
  }

  private func run(_ arguments: [String]) -> ChildProcess.Output? {
    try? ChildProcess.run(arguments, environment: session.environmentList, limit: 1 << 16)
  }

  private static func firstLine(_ text: String) -> String? {
    text.split(separator: "\n").first.map(String.init)
  }
}
