import OpzIO
import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Debian's PostgreSQL in a directory of its own, on a Unix socket, one for all tests of a process. Each test has its own
/// database. It ends when the process does, whatever ends that.
public final class PostgreSQLServer: Sendable {
  /// Whether PostgreSQL is installed.
  public static let isInstalled = programs != nil

  /// The server; it is started now if it is not running.
  /// - Throws: `IOFailure` if it does not start.
  public static func shared() throws -> PostgreSQLServer { try started.get() }

  private static let started = Result { try PostgreSQLServer() }
  private static let databases = Atomic<Int>(0)

  /// The directory of the programs, the newest version's.
  private static let programs: FilePath? = {
    let root: FilePath = "/usr/lib/postgresql"
    let versions = ((try? Directory.entries(root)) ?? []).compactMap { Int($0.string) }.sorted()
    return versions.last.map { root.appending("\($0)").appending("bin") }.flatMap {
      (try? FileStatus.find($0.appending("initdb"))) ?? nil == nil ? nil : $0
    }
  }()

  private let directory: FilePath
  /// The role that may do everything.
  public let user: String

  private init() throws {
    guard let programs = PostgreSQLServer.programs else {
      throw IOFailure("PostgreSQL is not installed", path: "/usr/lib")
    }
    directory = try Directory.temporary(prefix: "opz-test-")
    let isRoot = geteuid() == 0
    user = isRoot ? "postgres" : "tester"
    let become = isRoot ? "setpriv --reuid postgres --regid postgres --clear-groups" : ""
    // The shell outlives this process for a second, and ends the server.
    let script = """
      [ -z "\(become)" ] || chown postgres "$1"
      \(become) "$2/initdb" -D "$1/data" -U "$3" -A trust -E UTF8 --locale C --no-sync >/dev/null || exit 1
      \(become) "$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=60 &
      while kill -0 "$4" 2>/dev/null; do sleep 1; done
      kill -QUIT $!
      wait
      rm -rf "$1"
      """
    let log = directory.appending("log")
    let process = try ChildProcess.start(
      ["/bin/sh", "-c", script, "sh", directory.string, programs.string, user, "\(getpid())"], output: .file(log),
      errors: .file(log))
    for _ in 0..<1500 {
      if process.poll() != nil { break }
      if (try? psql("SELECT 1", in: "postgres"))?.status == 0 { return }
      usleep(20_000)
    }
    throw IOFailure("PostgreSQL did not start", path: log)
  }

  private func psql(_ script: String, in database: String, as role: String? = nil) throws -> ChildProcess.Output {
    try ChildProcess.run(
      [
        "psql", "-h", directory.string, "-U", role ?? user, "-d", database, "-X", "-q", "-A", "-t", "-v",
        "ON_ERROR_STOP=1",
      ], input: Array(script.utf8))
  }

  /// Makes an empty database.
  /// - Returns: its name.
  public func makeDatabase() throws -> String {
    let name = "test\(PostgreSQLServer.databases.add(1, ordering: .relaxed).newValue)"
    _ = try run("CREATE DATABASE \(name)", in: "postgres")
    return name
  }

  /// Runs a script with PostgreSQL's own program.
  /// - Returns: what it printed.
  /// - Throws: `IOFailure` with its error.
  @discardableResult
  public func run(_ script: String, in database: String, as role: String? = nil) throws -> String {
    let result = try psql(script, in: database, as: role)
    guard result.status == 0 else { throw IOFailure(result.errorText, path: directory) }
    return result.text
  }

  /// The URL of a database.
  public func url(_ database: String, as role: String? = nil) -> String {
    "postgresql:///\(database)?host=\(directory)&user=\(role ?? user)"
  }
}
