public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files that are either absent or whole and on the disk.
///
/// The order is: temporary file in the same directory, write, fsync, rename or link, fsync of the directory. What has
/// returned without an error survives a power cut.
public enum Durable {
  /// Puts `bytes` at `path`, replacing what is there.
  /// - Parameter mode: less the umask.
  public static func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws {
    let directory = path.removingLastComponent()
    let new = try NewFile(in: directory, mode: mode)
    if try SharedDirectory.isOne(directory) { try new.file.setMode(mode | SharedDirectory.readable) }
    try new.file.write(bytes)
    try new.replace(path)
  }

  /// Puts `bytes` at `path` without waiting for the disk: for caches that know themselves whether they are whole.
  public static func replaceLazily(_ path: FilePath, with bytes: [UInt8]) throws {
    let name = temporaryName(beside: path)
    let file = try OpenFile.creating(name, mode: 0o644)
    do {
      if try SharedDirectory.isOne(path.removingLastComponent()) { try file.setMode(0o644 | SharedDirectory.readable) }
      try file.write(bytes)
    } catch {
      try? remove(name)
      throw error
    }
    let result = name.withPlatformString { from in path.withPlatformString { rename(from, $0) } }
    if result != 0 {
      let failure = IOFailure.last("rename", path)
      try? remove(name)
      throw failure
    }
  }

  /// Puts `bytes` at `path` if nothing is there. False, and nothing changed, when something is.
  public static func claim(_ path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws -> Bool {
    let new = try NewFile(in: path.removingLastComponent())
    try new.file.write(bytes)
    return try new.publish(at: path, mode: mode)
  }

  /// Moves a finished and synced file to its name and makes the name durable.
  public static func publish(_ temporary: FilePath, at path: FilePath) throws {
    let result = temporary.withPlatformString { from in path.withPlatformString { rename(from, $0) } }
    guard result == 0 else {
      let failure = IOFailure.last("rename", path)
      try? remove(temporary)
      throw failure
    }
    try syncDirectory(path.removingLastComponent())
  }

  /// Makes the names in a directory durable.
  public static func syncDirectory(_ path: FilePath) throws {
    let place = path.isEmpty ? FilePath(".") : path
    let directory = try OpenFile.opening(place, O_RDONLY | O_DIRECTORY, mode: 0)
    try directory.sync()
  }

  /// Makes a directory and those above it, each one durable. One that exists is fine. Below a directory that a group shares it is shared too.
  public static func makeDirectory(_ path: FilePath, mode: UInt32 = 0o755) throws {
    if path.isEmpty { return }
    if try FileStatus.find(path)?.kind == .directory { return }
    let parent = path.removingLastComponent()
    if parent != path { try makeDirectory(parent, mode: mode) }
    let result = path.withPlatformString { mkdir($0, mode_t(mode)) }
    if result != 0 {
      let failure = IOFailure.last("mkdir", path)
      if failure.errno == EEXIST, try FileStatus.find(path)?.kind == .directory { return }
      throw failure
    }
    try SharedDirectory.share(path, below: parent)
    try syncDirectory(parent)
  }

  /// Removes a file. One that is not there is fine.
  public static func remove(_ path: FilePath) throws {
    let result = path.withPlatformString { unlink($0) }
    if result != 0, errno != ENOENT { throw IOFailure.last("unlink", path) }
  }

  /// Removes a directory and all in it, without following links. One that is not there is fine.
  public static func removeTree(_ path: FilePath) throws {
    guard let status = try FileStatus.find(path, followLinks: false) else { return }
    guard status.kind == .directory else { return try remove(path) }
    for entry in try Directory.entries(path) { try removeTree(path.appending(entry)) }
    let result = path.withPlatformString { rmdir($0) }
    if result != 0, errno != ENOENT { throw IOFailure.last("rmdir", path) }
  }

  /// A name for a temporary file in the directory of `path`. `opz gc` knows these names by their prefix.
  public static func temporaryName(beside path: FilePath) -> FilePath {
    let unique = Hex.encode((0..<8).map { _ in UInt8.random(in: .min ... .max) })
    return path.removingLastComponent().appending("\(temporaryPrefix)\(getpid())-\(unique)")
  }

  /// How the names of temporary files begin.
  public static let temporaryPrefix = ".opz-tmp-"
}
