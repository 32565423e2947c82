public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An output at a path that a user named. All such output goes through this type.
///
/// A regular file appears only once it is complete, with the mode and the owner of the file that it replaces; until
/// then nothing changes. Links are followed. Pipes, devices, sockets and this program's own descriptors
/// (`/dev/stdout`, `/dev/fd/3`) are written to directly: nothing there is truncated or replaced.
public final class OutputFile: ByteSink, @unchecked Sendable {
  /// The path of standard output, for options that accept `-`.
  public static let standardOutput: FilePath = "/dev/stdout"

  private let named: FilePath
  private let way: Way

  private enum Way {
    case stream(Stream)
    /// Written to a separate file until complete; `isBeside`: that file is in the directory of the path, so a rename
    /// publishes it.
    case staged(NewFile, at: FilePath, old: FileStatus?, isBeside: Bool)
  }

  private final class Stream {
    let file: OpenFile
    init(_ file: consuming OpenFile) { self.file = file }
  }

  /// Opens the output. For a pipe this waits until it has a reader.
  /// - Parameters:
  ///   - mode: the permission bits of a new file, masked by the umask.
  ///   - isPrivate: whether the file gets exactly `mode`, whatever the umask and the mode of the file it replaces.
  /// - Throws: `IOFailure` for a directory, and for a path that cannot be opened.
  public init(_ path: FilePath, mode: UInt32 = 0o644, isPrivate: Bool = false) throws {
    named = path
    switch try OutputTarget.find(path) {
    case .descriptor(let number):
      let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
      guard copy >= 0 else { throw IOFailure.last("open", path) }
      let name = number == STDOUT_FILENO ? StandardOutput.path : path
      way = .stream(Stream(OpenFile(adopting: copy, path: name)))
    case .stream(let place):
      way = .stream(Stream(try OpenFile.opening(place, O_WRONLY | O_APPEND | O_NOCTTY, mode: 0)))
    case .file(let place, let old):
      let (file, isBeside) = try OutputFile.stage(place, old, mode: mode)
      way = .staged(file, at: place, old: isPrivate ? nil : old, isBeside: isBeside)
      if isPrivate { try file.file.setMode(mode) }
    }
  }

  /// Where no file can be created beside it (`/dev/termination-log` in a pod), an existing file can still be
  /// overwritten.
  private static func stage(
    _ place: FilePath, _ old: FileStatus?, mode: UInt32
  ) throws -> (NewFile, isBeside: Bool) {
    let directory = place.removingLastComponent()
    do {
      let new = try NewFile(in: directory, mode: mode)
      if try old == nil && SharedDirectory.isShared(directory) {
        try new.file.setMode(mode | SharedDirectory.readable)
      }
      return (new, true)
    } catch let failure as IOFailure where old != nil && [EACCES, EPERM, EROFS].contains(failure.errno) {
      guard place.withPlatformString({ access($0, W_OK) }) == 0 else {
        throw IOFailure(errno: failure.errno, operation: "open", path: place)
      }
      return (try NewFile(in: Directory.temporaryRoot), false)
    } catch let failure as IOFailure {
      // Name the file in the error, as the user did, not its directory.
      throw IOFailure(errno: failure.errno, operation: "open", path: place)
    }
  }

  /// Where the bytes are kept until they are complete; nil where they are written directly to their destination.
  public var stagingDirectory: FilePath? {
    guard case .staged(let file, _, _, _) = way else { return nil }
    return file.file.path
  }

  /// Writes bytes to the output, or to its staging file.
  /// - Throws: `IOFailure`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    switch way {
    case .stream(let stream): try stream.file.write(bytes)
    case .staged(let file, _, _, _): try file.file.write(bytes)
    }
  }

  /// Publishes what was written, durably. If it is never called, an existing file stays as it was.
  /// - Throws: `IOFailure`.
  public func finish() throws {
    guard case .staged(let file, let path, let old, let isBeside) = way else { return }
    guard isBeside else { return try copy(file, into: path) }
    if let old { try keep(old, on: file) }
    do {
      try file.replace(path)
    } catch let failure as IOFailure where failure.errno == EBUSY {
      // A file that is itself a mount point, as containers get single files, cannot be replaced.
      try copy(file, into: path)
    }
  }

  /// Gives the new file the mode of the old one, and its owner where permitted.
  private func keep(_ old: FileStatus, on new: NewFile) throws {
    let descriptor = new.file.descriptor
    if fchown(descriptor, old.user, old.group) != 0 { _ = fchown(descriptor, uid_t.max, old.group) }
    try new.file.setMode(old.mode & 0o777)
  }

  private func copy(_ new: NewFile, into path: FilePath) throws {
    let old = try OpenFile.opening(path, O_WRONLY | O_NOFOLLOW, mode: 0)
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var offset: UInt64 = 0
    while true {
      let count = try buffer.withUnsafeMutableBytes { try new.file.read(at: offset, into: $0) }
      if count == 0 { break }
      try buffer.withUnsafeBytes { try old.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += UInt64(count)
    }
    guard ftruncate(old.descriptor, off_t(offset)) == 0 else { throw IOFailure.last("ftruncate", path) }
    try old.sync()
  }

  /// Writes bytes to a path that a user named, all or nothing for regular files.
  /// - Parameters:
  ///   - mode: the permission bits of a new file, masked by the umask.
  ///   - isPrivate: whether the file gets exactly `mode`.
  /// - Throws: `IOFailure`.
  public static func write(_ bytes: [UInt8], to path: FilePath, mode: UInt32 = 0o644, isPrivate: Bool = false) throws {
    let output = try OutputFile(path, mode: mode, isPrivate: isPrivate)
    try bytes.withUnsafeBytes { try output.write($0) }
    try output.finish()
  }

  /// Returns the path, with links resolved, where a regular file is or would be created.
  /// - Throws: `IOFailure` where something else is there.
  public static func place(of path: FilePath) throws -> FilePath {
    guard case .file(let place, _) = try OutputTarget.find(path) else {
      throw IOFailure("it is not a regular file", path: path)
    }
    return place
  }

  /// Checks before long work that a path can be written to.
  /// - Throws: `IOFailure` when it is a directory, or when its parent directory does not exist.
  public static func require(_ path: FilePath) throws {
    guard case .file(let place, nil) = try OutputTarget.find(path) else { return }
    let directory = place.removingLastComponent()
    switch try FileStatus.find(directory.isEmpty ? "." : directory)?.kind {
    case .directory: return
    case nil:
      throw IOFailure(errno: ENOENT, operation: "open", path: path, hint: "create the directory \(directory) first")
    default: throw IOFailure(errno: ENOTDIR, operation: "open", path: path)
    }
  }

  /// Whether a path is written to directly: a pipe, a device, a descriptor.
  public static func isStream(_ path: FilePath) -> Bool {
    switch try? OutputTarget.find(path) {
    case .descriptor, .stream: true
    case .file, nil: false
    }
  }

  /// Whether what is written to a path ends up on standard output.
  public static func isStandardOutput(_ path: FilePath) -> Bool {
    var (one, other) = (stat(), stat())
    switch try? OutputTarget.find(path) {
    case .descriptor(let number):
      if number == STDOUT_FILENO { return true }
      guard fstat(number, &other) == 0 else { return false }
    case .stream(let place):
      guard place.withPlatformString({ stat($0, &other) }) == 0 else { return false }
    case .file, nil: return false
    }
    // Terminals and /dev/null can be shared without harm.
    return fstat(STDOUT_FILENO, &one) == 0 && one.st_mode & S_IFMT != S_IFCHR && one.st_dev == other.st_dev
      && one.st_ino == other.st_ino
  }

  /// Whether a path is a terminal.
  public static func isTerminal(_ path: FilePath) -> Bool {
    switch try? OutputTarget.find(path) {
    case .descriptor(let number): return isatty(number) == 1
    case .stream(let place):
      // Check the type first: a pipe that was opened and closed again would signal its end to its reader.
      var info = stat()
      guard place.withPlatformString({ stat($0, &info) }) == 0, info.st_mode & S_IFMT == S_IFCHR,
        let file = try? OpenFile.opening(place, O_WRONLY | O_NOCTTY | O_NONBLOCK, mode: 0)
      else { return false }
      return isatty(file.descriptor) == 1
    case .file, nil: return false
    }
  }
}
