public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Operations after which a file is either absent or complete, and on the disk.
///
/// The steps are: write a temporary file in the same directory, fsync it, rename or link it, fsync the directory.
/// What has returned without an error survives a power failure. The operations block, and throw `IOFailure`.
public enum Durable {
  /// Writes `bytes` to `path` atomically, replacing an existing file.
  /// - Parameter mode: the permission bits, masked by the umask.
  public static func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws {
    try PendingFile(replacing: path, with: bytes, mode: mode).file.replace(path)
  }

  /// Like `replace`, but without waiting for the disk: for caches whose readers can tell whether a file is complete.
  public static func replaceWithoutSync(_ path: FilePath, with bytes: [UInt8]) throws {
    try PendingFile(replacing: path, with: bytes).file.renameOver(path)
  }

  /// Writes `bytes` to `path` only if nothing is there (an exclusive create).
  /// - Returns: false, with nothing changed, when the name is taken.
  public static func createExclusively(_ path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws -> Bool {
    let new = try NewFile(in: path.removingLastComponent())
    try new.file.write(bytes)
    return try new.publish(at: path, mode: mode)
  }

  /// Renames a file that is complete and synced to its final name and syncs the directory. On failure the temporary
  /// file is removed.
  public static func publish(_ temporary: FilePath, at path: FilePath) throws {
    try rename(temporary, to: path)
    try syncDirectory(path.removingLastComponent())
  }

  /// Renames a file within its directory, durably. On failure it keeps its old name.
  public static func move(_ path: FilePath, to other: FilePath) throws {
    let result = path.withPlatformString { from in other.withPlatformString { systemRename(from, $0) } }
    guard result == 0 else { throw IOFailure.last("rename", other) }
    try syncDirectory(other.removingLastComponent())
  }

  /// Renames a temporary file; when that fails the file is removed.
  static func rename(_ temporary: FilePath, to path: FilePath) throws {
    let result = temporary.withPlatformString { from in path.withPlatformString { systemRename(from, $0) } }
    guard result == 0 else {
      let failure = IOFailure.last("rename", path)
      try? remove(temporary)
      throw failure
    }
  }

  /// Publishes many files under their names, durably: all are synced first, concurrently, so that the disk writes its
  /// journal once for all of them; then each is named, in order; then each directory is synced once.
  /// - Parameters:
  ///   - files: each is published at its own `path`.
  ///   - directories: further directories to sync with the others.
  /// - Returns: for each file whether it has its name; false where the name was taken and the existing file was kept.
  @discardableResult
  public static func publish(_ files: [PendingFile], syncing directories: [FilePath] = []) throws -> [Bool] {
    for pending in files {
      if let mode = pending.mode { try pending.file.file.setMode(mode) }
    }
    try syncTogether(files.map(\.file))
    let named = try files.map { try $0.publish() }
    var synced: Set<FilePath> = []
    for directory in files.map({ $0.path.removingLastComponent() }) + directories
    where synced.insert(directory).inserted {
      try syncDirectory(directory)
    }
    return named
  }

  /// Syncs files on threads of their own, the first on this thread. More than 16 at a time gain nothing.
  private static func syncTogether(_ files: [NewFile]) throws {
    var rest = files[...]
    while let first = rest.popFirst() {
      // Where no thread can be started, the file is synced on this one.
      let others = rest.prefix(15).map { file in (file: file, thread: try? DedicatedThread { try file.file.sync() }) }
      rest = rest.dropFirst(others.count)
      let own = Result { try first.file.sync() }
      // Wait for all of them before throwing the first failure.
      let outcomes = others.map { other in Result { try other.thread?.join() ?? other.file.file.sync() } }
      for outcome in [own] + outcomes { try outcome.get() }
    }
  }

  /// Syncs a directory, which makes the names in it durable.
  public static func syncDirectory(_ path: FilePath) throws {
    let place = path.isEmpty ? FilePath(".") : path
    let directory = try OpenFile.opening(place, O_RDONLY | O_DIRECTORY, mode: 0)
    try directory.sync()
  }

  /// Makes a directory and its missing parents, durably; an existing directory is not an error. Below a directory
  /// that a group shares, the new ones are shared too (`SharedDirectory`).
  /// - Parameter mode: the permission bits, masked by the umask.
  public static func makeDirectory(_ path: FilePath, mode: UInt32 = 0o755) throws {
    var parents: [FilePath] = []
    try makeDirectory(path, mode: mode, unsynced: &parents)
    for parent in parents { try syncDirectory(parent) }
  }

  /// Makes a directory and its missing parents without syncing them.
  /// - Parameters:
  ///   - mode: the permission bits, masked by the umask.
  ///   - unsynced: receives the directories to sync so that the new ones are durable, topmost first.
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
        throw IOFailure(
          "it exists and is not a directory", path: path, hint: "name a directory, or a path that does not exist yet")
      }
      throw failure
    }
    try SharedDirectory.share(path, below: parent)
    unsynced.append(parent)
  }

  /// Removes a file; a missing one is not an error.
  public static func remove(_ path: FilePath) throws {
    let result = path.withPlatformString { unlink($0) }
    if result != 0, errno != ENOENT { throw IOFailure.last("unlink", path) }
  }

  /// Removes a directory and everything in it, without following links; a missing one is not an error. Directories that
  /// their owner may not write, as images have them, are made writable first.
  public static func removeTree(_ path: FilePath) throws {
    guard let status = try FileStatus.find(path, followLinks: false) else { return }
    guard status.kind == .directory else { return try remove(path) }
    if status.mode & 0o700 != 0o700, status.user == geteuid() { _ = path.withPlatformString { chmod($0, 0o700) } }
    for entry in try Directory.entries(path) { try removeTree(path.appending(entry)) }
    let result = path.withPlatformString { rmdir($0) }
    if result != 0, errno != ENOENT { throw IOFailure.last("rmdir", path) }
  }

  /// Returns a unique name for a temporary file in the directory of `path`. `opz gc` finds leftovers by its prefix.
  public static func temporaryName(beside path: FilePath) -> FilePath {
    let unique = Hex.encode((0..<8).map { _ in UInt8.random(in: .min ... .max) })
    return path.removingLastComponent().appending("\(temporaryPrefix)\(getpid())-\(unique)")
  }

  /// The prefix of the names of temporary files.
  public static let temporaryPrefix = ".opz-tmp-"
}

// rename(2) under a name that no method has.
private func systemRename(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32 { rename(from, to) }
