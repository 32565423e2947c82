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
    try PendingFile(replacing: path, with: bytes, mode: mode).file.replace(path)
  }

  /// Puts `bytes` at `path` without waiting for the disk: for caches that know themselves whether they are whole.
  public static func replaceLazily(_ path: FilePath, with bytes: [UInt8]) throws {
    try PendingFile(replacing: path, with: bytes).file.takeName(path)
  }

  /// Puts `bytes` at `path` if nothing is there. False, and nothing changed, when something is.
  public static func claim(_ path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws -> Bool {
    let new = try NewFile(in: path.removingLastComponent())
    try new.file.write(bytes)
    return try new.publish(at: path, mode: mode)
  }

  /// Moves a finished and synced file to its name and makes the name durable.
  public static func publish(_ temporary: FilePath, at path: FilePath) throws {
    try rename(temporary, to: path)
    try syncDirectory(path.removingLastComponent())
  }

  /// Gives a file that is on the disk another name in its directory, durably. When that fails it keeps the name that it has.
  public static func move(_ path: FilePath, to other: FilePath) throws {
    let result = path.withPlatformString { from in other.withPlatformString { systemRename(from, $0) } }
    guard result == 0 else { throw IOFailure.last("rename", other) }
    try syncDirectory(other.removingLastComponent())
  }

  /// Moves a file to its name; one that cannot be moved is removed.
  static func rename(_ temporary: FilePath, to path: FilePath) throws {
    let result = temporary.withPlatformString { from in path.withPlatformString { systemRename(from, $0) } }
    guard result == 0 else {
      let failure = IOFailure.last("rename", path)
      try? remove(temporary)
      throw failure
    }
  }

  /// Gives many files their names, durably. All are synced first, at the same time, so that the disk writes its journal once for all of them;
  /// then each gets its name, in their order; then each directory is synced once.
  /// - Parameter directories: others whose names are to be durable with them.
  /// - Returns: for each file whether it has its name; false where the name was taken and is left.
  @discardableResult
  public static func publish(_ files: [PendingFile], syncing directories: [FilePath] = []) throws -> [Bool] {
    for pending in files {
      if let mode = pending.mode { try pending.file.file.setMode(mode) }
    }
    try syncTogether(files.map(\.file))
    let named = try files.map { try $0.giveName() }
    var synced: Set<FilePath> = []
    for directory in files.map({ $0.path.removingLastComponent() }) + directories
    where synced.insert(directory).inserted {
      try syncDirectory(directory)
    }
    return named
  }

  /// Syncs files on threads of their own, the first on this one. More than so many at a time gain nothing.
  private static func syncTogether(_ files: [NewFile]) throws {
    var rest = files[...]
    while let first = rest.popFirst() {
      // Where no thread is to be had, the file is synced here.
      let others = rest.prefix(15).map { file in (file: file, thread: try? OwnThread { try file.file.sync() }) }
      rest = rest.dropFirst(others.count)
      let own = Result { try first.file.sync() }
      // All are waited for before one's failure ends it.
      let outcomes = others.map { other in Result { try other.thread?.join() ?? other.file.file.sync() } }
      for outcome in [own] + outcomes { try outcome.get() }
    }
  }

  /// Makes the names in a directory durable.
  public static func syncDirectory(_ path: FilePath) throws {
    let place = path.isEmpty ? FilePath(".") : path
    let directory = try OpenFile.opening(place, O_RDONLY | O_DIRECTORY, mode: 0)
    try directory.sync()
  }

  /// Makes a directory and those above it, each one durable. One that exists is fine. Below a directory that a group shares it is shared too.
  public static func makeDirectory(_ path: FilePath, mode: UInt32 = 0o755) throws {
    var parents: [FilePath] = []
    try makeDirectory(path, mode: mode, unsynced: &parents)
    for parent in parents { try syncDirectory(parent) }
  }

  /// The same, waiting for no disk.
  /// - Parameter unsynced: gets the directories that must be synced for the new ones to be durable, the topmost first.
  public static func makeDirectory(_ path: FilePath, mode: UInt32 = 0o755, unsynced: inout [FilePath]) throws {
    if path.isEmpty { return }
    if try FileStatus.find(path)?.kind == .directory { return }
    let parent = path.removingLastComponent()
    if parent != path { try makeDirectory(parent, mode: mode, unsynced: &unsynced) }
    let result = path.withPlatformString { mkdir($0, mode_t(mode)) }
    if result != 0 {
      let failure = IOFailure.last("mkdir", path)
      if failure.errno == EEXIST {
        if try FileStatus.find(path)?.kind == .directory { return }
        throw IOFailure("it is there and is no directory", path: path, hint: "name a directory, or a new one")
      }
      throw failure
    }
    try SharedDirectory.share(path, below: parent)
    unsynced.append(parent)
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

// The name of rename(2) where a method has the same name.
private func systemRename(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32 { rename(from, to) }
