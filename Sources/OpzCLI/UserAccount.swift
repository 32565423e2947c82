import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The user's entry in the system's user database.
enum UserAccount {
  /// Adds what a login has from the user database: `HOME` if the environment has no usable one, as under cron, systemd
  /// or in containers; and `USER`, which says who did what, even if the environment has another, as after `su`.
  ///
  /// Child processes get both, so that the files of docker, podman and uv are found. A user without an entry keeps the
  /// environment's name.
  static func completing(_ environment: [String: String]) -> [String: String] {
    var environment = environment
    let entry = entry()
    if let name = entry?.name, !name.isEmpty { environment["USER"] = name }
    if UserHome.directory(environment) == nil { environment["HOME"] = entry?.home.flatMap(usable) }
    return environment
  }

  /// A home directory that exists: service accounts have none, or /nonexistent.
  private static func usable(_ home: String) -> String? {
    guard home.hasPrefix("/"), home != "/", (try? FileStatus.of(FilePath(home)))?.kind == .directory else { return nil }
    return home
  }

  private static func entry() -> (name: String, home: String?)? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 1 << 14)
    guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
    else { return nil }
    return (String(cString: name), entry.pw_dir.map { String(cString: $0) })
  }
}
