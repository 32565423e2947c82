internal import CLinux
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that does not have its final name yet. Until it is published it has no name at all (O_TMPFILE), so a
/// process that dies leaves nothing behind.
///
/// On file systems without O_TMPFILE it has a temporary name in the same directory (`Durable.temporaryPrefix`).
public final class NewFile: @unchecked Sendable {
  public let file: OpenFile
  /// The temporary name, where the file system needs one.
  private var temporary: FilePath?

  /// Creates a new, empty file in a directory.
  /// - Parameter mode: the permission bits, masked by the umask; private to its owner by default.
  /// - Throws: `IOFailure` when it cannot be created.
  public init(in place: FilePath, mode: UInt32 = 0o600) throws {
    let directory = place.isEmpty ? FilePath(".") : place
    do {
      file = try OpenFile.opening(directory, O_RDWR | opz_o_tmpfile, mode: mode)
    } catch let failure as IOFailure where [EOPNOTSUPP, EISDIR, EINVAL].contains(failure.errno) {
      let name = Durable.temporaryName(beside: directory.appending("x"))
      file = try OpenFile.creating(name, mode: mode)
      temporary = name
    }
  }

  deinit {
    if let temporary { try? Durable.remove(temporary) }
  }

  /// Sets the file's mode and gives it its name, durably.
  /// - Returns: false when the name is taken; the existing file is left alone.
  /// - Throws: `IOFailure`.
  public func publish(at path: FilePath, mode: UInt32) throws -> Bool {
    try file.setMode(mode)
    try file.sync()
    guard try link(to: path) else { return false }
    try Durable.syncDirectory(path.removingLastComponent())
    return true
  }

  /// Gives the file its name, durably, replacing an existing file.
  /// - Throws: `IOFailure`.
  public func replace(_ path: FilePath) throws {
    try file.sync()
    try renameOver(path)
    try Durable.syncDirectory(path.removingLastComponent())
  }

  /// Gives the file its name, replacing an existing file, without waiting for the disk. It has a temporary name only
  /// for as long as the rename takes.
  func renameOver(_ path: FilePath) throws {
    let name = if let temporary { temporary } else { try linked(beside: path) }
    temporary = nil
    try Durable.rename(name, to: path)
  }

  private func linked(beside path: FilePath) throws -> FilePath {
    let name = Durable.temporaryName(beside: path)
    guard try link(to: name) else { throw IOFailure(errno: EEXIST, operation: "link", path: name) }
    return name
  }

  /// Links the file at `path`; false when the name is taken.
  func link(to path: FilePath) throws -> Bool {
    let source = temporary?.string ?? "/proc/self/fd/\(file.descriptor)"
    let result = path.withPlatformString {
      linkat(AT_FDCWD, source, AT_FDCWD, $0, temporary == nil ? AT_SYMLINK_FOLLOW : 0)
    }
    if result == 0 { return true }
    if errno == EEXIST { return false }
    throw IOFailure.last("link", path)
  }
}
