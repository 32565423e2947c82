import OpzIO
public import SystemPackage

/// Files as they were at some time.
public struct WatchedFiles: Sendable {
  private var files: [FilePath]
  private var before: [Change?]

  /// What a change of a file changes: an editor may write the file, or put another in its place.
  private struct Change: Sendable, Equatable {
    let changed: Int64
    let inode: UInt64
    let size: UInt64
  }

  /// Files as they are now; those that do not exist may come to be.
  public init(_ files: [FilePath]) {
    self.files = files
    before = WatchedFiles.now(files)
  }

  /// Watches more files, as they are now.
  public mutating func add(_ more: [FilePath]) {
    files += more
    before += WatchedFiles.now(more)
  }

  /// Whether one of them is not what it was.
  public var isChanged: Bool { WatchedFiles.now(files) != before }

  /// The same files as they are now.
  public var renewed: WatchedFiles { WatchedFiles(files) }

  private static func now(_ files: [FilePath]) -> [Change?] {
    files.map { file in
      guard let status = (try? FileStatus.find(file)) ?? nil else { return nil }
      return Change(changed: status.changed, inode: status.inode, size: status.size)
    }
  }
}
