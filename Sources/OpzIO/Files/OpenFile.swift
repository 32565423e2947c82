public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open file that closes when it goes out of scope. Each failing call throws an `IOFailure` that names the file.
public struct OpenFile: ~Copyable, Sendable {
  public let path: FilePath
  /// The raw descriptor, for calls that this type does not have. It is valid as long as the value lives.
  public let descriptor: Int32

  /// Takes over a descriptor that is already open.
  public init(adopting descriptor: Int32, path: FilePath) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Opens `path` for reading.
  /// - Parameter followLinks: when false, a symbolic link as the last component is an error.
  public static func reading(_ path: FilePath, followLinks: Bool = true) throws -> OpenFile {
    try opening(path, O_RDONLY | (followLinks ? 0 : O_NOFOLLOW), mode: 0)
  }

  /// Makes a new file; an existing one is an error (`EEXIST`).
  public static func creating(_ path: FilePath, mode: UInt32 = 0o644) throws -> OpenFile {
    try opening(path, O_RDWR | O_CREAT | O_EXCL, mode: mode)
  }

  /// Opens a file whose writes go to its end. A symbolic link as the last component is an error.
  public static func appending(_ path: FilePath) throws -> OpenFile {
    try opening(path, O_WRONLY | O_APPEND | O_NOFOLLOW, mode: 0)
  }

  /// Opens with the flags of open(2); `O_CLOEXEC` is added.
  public static func opening(_ path: FilePath, _ flags: Int32, mode: UInt32) throws -> OpenFile {
    while true {
      let descriptor = path.withPlatformString { open($0, flags | O_CLOEXEC, mode_t(mode)) }
      if descriptor >= 0 { return OpenFile(adopting: descriptor, path: path) }
      if errno != EINTR { throw IOFailure.last("open", path) }
    }
  }

  deinit { _ = close(descriptor) }

  /// Reads up to the buffer's size from the current offset; 0 at the end.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try retrying("read") { systemRead(descriptor, buffer.baseAddress, buffer.count) }
  }

  /// Reads up to the buffer's size from `offset`; 0 at the end.
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let place = off_t(exactly: offset) else {
      throw IOFailure("an offset of \(offset) bytes is out of range", path: path)
    }
    return try retrying("pread") { pread(descriptor, buffer.baseAddress, buffer.count, place) }
  }

  /// Writes the whole buffer at the current offset.
  public func write(_ buffer: UnsafeRawBufferPointer) throws {
    try OpenFile.write(buffer, to: descriptor, path: path)
  }

  /// Writes the whole buffer to a descriptor that is somebody else's, which may be one that does not wait (`O_NONBLOCK`).
  static func write(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32, path: FilePath) throws {
    var rest = buffer
    while !rest.isEmpty {
      let count = systemWrite(descriptor, rest.baseAddress, rest.count)
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

  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  /// Makes the content durable (fsync).
  public func sync() throws {
    guard fsync(descriptor) == 0 else { throw IOFailure.last("fsync", path) }
  }

  /// Sets the permission bits, whatever the umask is.
  public func setMode(_ mode: UInt32) throws {
    guard fchmod(descriptor, mode_t(mode)) == 0 else { throw IOFailure.last("fchmod", path) }
  }

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

// The names of read(2) and write(2) where a method has the same name.
private func systemRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, base, count)
}

private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, base, count)
}
