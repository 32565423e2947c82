import OpzIO
import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Debian's MariaDB in a directory of its own, on a Unix socket, one for all tests of a process. Each test has its own
/// database. It ends when the process does, whatever ends that.
public final class MariaDBServer: Sendable {
  /// Whether MariaDB and its ODBC driver are installed.
  public static let isInstalled: Bool = {
    let root = "/usr/lib"
    let drivers = ((try? Directory.entries(FilePath(root))) ?? []).map { FilePath("\(root)/\($0)/odbc/libmaodbc.so") }
    return ([FilePath("/usr/sbin/mariadbd")].allSatisfy(isThere)) && drivers.contains(where: isThere)
  }()

  private static func isThere(_ path: FilePath) -> Bool { (try? FileStatus.find(path)) ?? nil != nil }

  /// The server; it is started now if it is not running.
  /// - Throws: `IOFailure` if it does not start.
  public static func shared() throws -> MariaDBServer { try started.get() }

  private static let started = Result { try MariaDBServer() }
  private static let databases = Atomic<Int>(0)

  private let directory: FilePath
  /// The Unix socket.
  public var socket: String { directory.appending("s").string }

  /// A mode that a database's owner may have set, in which quotes, backslashes and bars mean something else.
  private static let mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH"

  private init() throws {
    guard MariaDBServer.isInstalled else { throw IOFailure("MariaDB is not installed", path: "/usr/sbin/mariadbd") }
    directory = try Directory.temporary(prefix: "opz-test-")
    let become = geteuid() == 0 ? "setpriv --reuid mysql --regid mysql --clear-groups" : ""
    // The shell outlives this process for a second, and ends the server.
    let script = """
      mkdir "$1/data" "$1/tmp" || exit 1
      [ -z "\(become)" ] || chown mysql "$1" "$1/data" "$1/tmp"
      export TMPDIR="$1/tmp"
      \(become) mariadb-install-db --no-defaults --datadir="$1/data" --auth-root-authentication-method=normal \
        --skip-test-db >/dev/null || exit 1
      \(become) mariadbd --no-defaults --datadir="$1/data" --socket="$1/s" --skip-networking --pid-file="$1/pid" \
        --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M --max-connections=100 --skip-log-bin \
        --character-set-server=latin1 --sql-mode=\(MariaDBServer.mode) &
      while kill -0 "$2" 2>/dev/null; do sleep 1; done
      kill -KILL $!
      wait
      rm -rf "$1"
      """
    let log = directory.appending("log")
    let process = try ChildProcess.start(
      ["/bin/sh", "-c", script, "sh", directory.string, "\(getpid())"], output: .file(log), errors: .file(log))
    for _ in 0..<3000 {
      if process.poll() != nil { break }
      if (try? client("SELECT 1", in: nil))?.status == 0 { return }
      usleep(20_000)
    }
    throw IOFailure("MariaDB did not start", path: log)
  }

  private func client(_ script: String, in database: String?, as user: String = "root") throws -> ChildProcess.Output {
    try ChildProcess.run(
      ["mariadb", "--no-defaults", "-S", socket, "-u", user, "-N", "-B"] + (database.map { [$0] } ?? []),
      input: Array(script.utf8))
  }

  /// Makes an empty database.
  /// - Returns: its name.
  public func makeDatabase() throws -> String {
    let name = "test\(MariaDBServer.databases.add(1, ordering: .relaxed).newValue)"
    _ = try run("CREATE DATABASE \(name)", in: nil)
    return name
  }

  /// Runs a script with MariaDB's own program.
  /// - Returns: what it printed.
  /// - Throws: `IOFailure` with its error.
  @discardableResult
  public func run(_ script: String, in database: String?, as user: String = "root") throws -> String {
    let result = try client(script, in: database, as: user)
    guard result.status == 0 else { throw IOFailure(result.errorText, path: directory) }
    return result.text
  }

  /// The URL of a database.
  public func url(_ database: String, as user: String = "root") -> String {
    "mariadb://\(user)@localhost/\(database)?socket=\(socket)"
  }
}
