import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The user's entry in the system's user database.
enum UserAccount {
  /// Adds `HOME` from the user database if the environment has no usable one, as under cron, systemd or in containers.
  /// Child processes get it too, so that the files of docker, podman and uv are found.
  static func completing(_ environment: [String: String]) -> [String: String] {
    guard UserHome.directory(environment) == nil else { return environment }
    var environment = environment
    environment["HOME"] = home()
    return environment
  }

  /// The home directory in the user database; nil unless it is a directory, since service accounts have none or
  /// /nonexistent.
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
