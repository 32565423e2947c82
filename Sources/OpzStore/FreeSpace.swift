import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Room on a disk.
public enum FreeSpace {
  /// Bytes that this user can still write in the file system of `path`.
  public static func available(at path: FilePath) throws -> UInt64 {
    var info = statvfs()
    guard path.withPlatformString({ statvfs($0, &info) }) == 0 else { throw IOFailure.last("statvfs", path) }
    let (bytes, overflow) = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize))
    return overflow ? .max : bytes
  }

  /// Refuses before anything is written when `size` bytes do not fit.
  public static func require(_ size: UInt64, at path: FilePath) throws {
    let free = try available(at: path)
    guard size > free else { return }
    throw StoreError(
      .noSpace, path.string, "\(size) bytes are to be written and \(free) are free",
      hint: "free some space, or name another directory with --registry DIR")
  }
}
