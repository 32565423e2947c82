import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the system's list of users says of who runs the command.
enum UserAccount {
  /// The environment with the `HOME` of the user's entry where it has none that can be one: cron, systemd and containers may set none. Children get it
  /// too, so that docker's, podman's and uv's files are looked for where they are.
  static func completing(_ environment: [String: String]) -> [String: String] {
    guard UserHome.directory(environment) == nil else { return environment }
    var environment = environment
    environment["HOME"] = home()
    return environment
  }

  /// The entry's home, where it is a directory: accounts of services have /nonexistent, or none.
  private static func home() -> String? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 1 << 14)
    guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil, let pointer = entry.pw_dir
    else { return nil }
    let home = String(cString: pointer)
    guard home.hasPrefix("/"), home != "/", (try? FileStatus.of(FilePath(home)))?.kind == .directory else { return nil }
    return home
  }
}
