public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The metadata of a file, from stat(2).
public struct FileStatus: Sendable, Hashable {
  /// The type of a file; `other` is a device, pipe or socket.
  public enum Kind: Sendable, Hashable {
    case file, directory, symlink, other
  }

  public let kind: Kind
  /// Permission bits, including setuid, setgid and sticky.
  public let mode: UInt32
  /// The size in bytes.
  public let size: UInt64
  public let device: UInt64
  public let inode: UInt64
  /// The last change of the content, in nanoseconds since 1970.
  public let modified: Int64
  /// The last change of content or attributes, in nanoseconds since 1970.
  public let changed: Int64
  public let links: UInt64
  /// The owner's numeric ID; `group` is the group's.
  public let user: UInt32
  public let group: UInt32

  init(_ info: stat) {
    switch info.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .directory
    case S_IFLNK: kind = .symlink
    default: kind = .other
    }
    mode = UInt32(info.st_mode & 0o7777)
    size = UInt64(max(0, info.st_size))
    device = UInt64(info.st_dev)
    inode = UInt64(info.st_ino)
    modified = FileStatus.nanoseconds(info.st_mtim)
    changed = FileStatus.nanoseconds(info.st_ctim)
    links = UInt64(info.st_nlink)
    user = info.st_uid
    group = info.st_gid
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Returns the status of the file at `path`.
  /// - Throws: `IOFailure`, with `ENOENT` when nothing has that name.
  public static func of(_ path: FilePath, followLinks: Bool = true) throws -> FileStatus {
    var info = stat()
    let result = path.withPlatformString { followLinks ? stat($0, &info) : lstat($0, &info) }
    guard result == 0 else { throw IOFailure.last("stat", path) }
    return FileStatus(info)
  }

  /// Returns the status, or nil when nothing has that name.
  /// - Throws: `IOFailure` for any other failure.
  public static func find(_ path: FilePath, followLinks: Bool = true) throws -> FileStatus? {
    var info = stat()
    let result = path.withPlatformString { followLinks ? stat($0, &info) : lstat($0, &info) }
    if result == 0 { return FileStatus(info) }
    guard errno == ENOENT || errno == ENOTDIR else { throw IOFailure.last("stat", path) }
    return nil
  }

  /// Whether any change after `moment` must show in the times, because they are older than `moment` by more than the
  /// clock's resolution.
  public func isSettled(at moment: Timestamp) -> Bool {
    let latest = max(modified, changed)
    // A file system without nanoseconds has a resolution of one second, or of two.
    let grain: Int64 = latest % 1_000_000_000 == 0 ? 2_000_000_000 : 50_000_000
    return latest < moment.milliseconds &* 1_000_000 &- grain
  }
}
