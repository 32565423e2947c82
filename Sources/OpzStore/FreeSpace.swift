import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Free space on a disk.
public enum FreeSpace {
  /// Returns the bytes that this user can still write to the file system of `path`.
  /// - Throws: `IOFailure`.
  public static func available(at path: FilePath) throws -> UInt64 {
    var info = statvfs()
    guard path.withPlatformString({ statvfs($0, &info) }) == 0 else { throw IOFailure.last("statvfs", path) }
    let (bytes, overflow) = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize))
    return overflow ? .max : bytes
  }

  /// Checks that `size` bytes fit, before anything is written.
  /// - Throws: `StoreError` with code `noSpace`.
  public static func require(_ size: UInt64, at path: FilePath) throws {
    let free = try available(at: path)
    guard size > free else { return }
    throw StoreError(
      .noSpace, path.string, reason: "\(size) bytes are to be written, but only \(free) are free",
      hint: "free some space, or name another directory with --registry DIR")
  }
}
