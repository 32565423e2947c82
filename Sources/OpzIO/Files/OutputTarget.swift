import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What is at a path that a user named for output, links followed.
enum OutputTarget {
  /// One of this program's own descriptors: /dev/stdout, /dev/fd/63.
  case descriptor(Int32)
  /// A pipe, a device or a socket, which is written to directly.
  case stream(FilePath)
  /// A regular file, or a name that does not exist yet. The path does not end in a link.
  case file(FilePath, FileStatus?)

  /// - Throws: `IOFailure` for a directory, and for a cycle of links (`ELOOP`).
  static func find(_ named: FilePath) throws -> OutputTarget {
    var path = named
    for _ in 0..<40 {
      guard let status = try FileStatus.find(path, followLinks: false) else {
        // A container may lack /dev.
        return standard(path).map { .descriptor($0) } ?? .file(path, nil)
      }
      switch status.kind {
      case .file: return .file(path, status)
      case .other: return .stream(path)
      case .directory:
        throw IOFailure("it is a directory", path: named, hint: "name a file: \(named.appending("FILE"))")
      case .symlink:
        if let (number, isOwn) = descriptor(path) { return isOwn ? .descriptor(number) : .stream(path) }
        path = path.removingLastComponent().pushing(try link(path))
      }
    }
    throw IOFailure(errno: ELOOP, operation: "open", path: named)
  }

  private static func standard(_ path: FilePath) -> Int32? {
    switch path.string {
    case "/dev/stdout", "/dev/fd/1": STDOUT_FILENO
    case "/dev/stderr", "/dev/fd/2": STDERR_FILENO
    default: nil
    }
  }

  /// For a link in procfs to an open file: its number, and whether it is this program's. The target of such a link
  /// may no longer exist, or may not be a path at all (`pipe:[4711]`).
  private static func descriptor(_ path: FilePath) -> (number: Int32, isOwn: Bool)? {
    guard let number = path.lastComponent.flatMap({ Int32($0.string) }), number >= 0,
      let directory = RealPath.of(path.removingLastComponent())?.string, directory.hasPrefix("/proc/"),
      directory.hasSuffix("/fd")
    else { return nil }
    let own = RealPath.of("/proc/self")?.string ?? "/proc/\(getpid())"
    return (number, directory == own + "/fd" || directory.hasPrefix(own + "/task/"))
  }

  private static func link(_ path: FilePath) throws -> FilePath {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = path.withPlatformString { readlink($0, &buffer, buffer.count - 1) }
    guard count >= 0 else { throw IOFailure.last("readlink", path) }
    return FilePath(bytes: buffer.prefix(count).map { UInt8(bitPattern: $0) })
  }
}
