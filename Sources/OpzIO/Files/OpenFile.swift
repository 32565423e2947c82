public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open file that is closed when the value goes out of scope. Every call that fails throws an `IOFailure` naming
/// the file.
public struct OpenFile: ~Copyable, Sendable {
  public let path: FilePath
  /// The raw descriptor, for calls that this type lacks. Valid as long as the value lives; do not close it.
  public let descriptor: Int32

  /// Takes ownership of a descriptor that is already open.
  public init(adopting descriptor: Int32, path: FilePath) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Opens `path` for reading.
  /// - Parameter followLinks: when false, a symbolic link as the last component is an error (`ELOOP`).
  public static func reading(_ path: FilePath, followLinks: Bool = true) throws -> OpenFile {
    try opening(path, O_RDONLY | (followLinks ? 0 : O_NOFOLLOW), mode: 0)
  }

  /// Creates a new file for reading and writing; an existing one is an error (`EEXIST`).
  public static func creating(_ path: FilePath, mode: UInt32 = 0o644) throws -> OpenFile {
    try opening(path, O_RDWR | O_CREAT | O_EXCL, mode: mode)
  }

  /// Opens an existing file for appending. A symbolic link as the last component is an error.
  public static func appending(_ path: FilePath) throws -> OpenFile {
    try opening(path, O_WRONLY | O_APPEND | O_NOFOLLOW, mode: 0)
  }

  /// Opens a file with the flags of open(2); `O_CLOEXEC` is added.
  public static func opening(_ path: FilePath, _ flags: Int32, mode: UInt32) throws -> OpenFile {
    while true {
      let descriptor = path.withPlatformString { open($0, flags | O_CLOEXEC, mode_t(mode)) }
      if descriptor >= 0 { return OpenFile(adopting: descriptor, path: path) }
      if errno != EINTR { throw IOFailure.last("open", path) }
    }
  }

  deinit { _ = close(descriptor) }

  /// Reads up to `buffer.count` bytes at the file's position.
  /// - Returns: how many bytes were read; 0 at the end.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try retrying("read") { systemRead(descriptor, buffer.baseAddress, count: buffer.count) }
  }

  /// Reads up to `buffer.count` bytes at a byte offset, leaving the file's position alone.
  /// - Returns: how many bytes were read; 0 at the end.
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let place = off_t(exactly: offset) else {
      throw IOFailure("an offset of \(offset) bytes is out of range", path: path)
    }
    return try retrying("pread") { pread(descriptor, buffer.baseAddress, buffer.count, place) }
  }

  /// Writes the whole buffer at the file's position.
  public func write(_ buffer: UnsafeRawBufferPointer) throws {
    try OpenFile.write(buffer, to: descriptor, path: path)
  }

  /// Writes the whole buffer to a descriptor that someone else owns; it may be non-blocking (`O_NONBLOCK`).
  static func write(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32, path: FilePath) throws {
    var rest = buffer
    while !rest.isEmpty {
      let count = systemWrite(descriptor, rest.baseAddress, count: rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno == EAGAIN {
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&room, 1, -1)
      } else if errno != EINTR {
        throw IOFailure.last("write", path)
      }
    }
  }

  /// Writes all of `bytes` at the file's position.
  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  /// Makes the content durable (fsync(2)).
  public func sync() throws {
    guard fsync(descriptor) == 0 else { throw IOFailure.last("fsync", path) }
  }

  /// Sets the permission bits; the umask does not apply.
  public func setMode(_ mode: UInt32) throws {
    guard fchmod(descriptor, mode_t(mode)) == 0 else { throw IOFailure.last("fchmod", path) }
  }

  /// Returns the open file's metadata (fstat(2)).
  public func status() throws -> FileStatus {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw IOFailure.last("fstat", path) }
    return FileStatus(info)
  }

  private func retrying(_ operation: String, _ call: () -> Int) throws -> Int {
    while true {
      let count = call()
      if count >= 0 { return count }
      if errno != EINTR { throw IOFailure.last(operation, path) }
    }
  }
}

// read(2) and write(2) under names that no method has.
private func systemRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, count: Int) -> Int {
  read(descriptor, base, count)
}

private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, count: Int) -> Int {
  write(descriptor, base, count)
}
