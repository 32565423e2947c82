public import OpzIO
import OpzStore
import Synchronization
public import SystemPackage

/// The SHA-256 of files that were read before, found by what stat(2) says of them: device, inode, size, times of modification and of
/// change in nanoseconds. So an unchanged file costs a stat.
///
/// A file whose times are within the clock's grain of the moment it was read is not remembered: it could change again without
/// its times telling (git calls such an entry racy).
///
/// On disk: `opz digests 1\n`, padded with zeros to 16 bytes; records of 72 bytes (device, inode, size, modified, changed, each 8 bytes little
/// endian; the digest, 32), sorted by device and inode; the SHA-256 of all that. A file that is not so is as good as none.
public final class DigestCache: Sendable {
  private struct State {
    /// What was read from the disk.
    var known: DigestTable
    /// What was found since, sorted at the last look.
    var fresh = DigestTable.empty
    /// What was found after it.
    var added: [DigestTable.Record] = []

    mutating func sort() {
      guard !added.isEmpty else { return }
      fresh = fresh.merging(take(), limit: DigestCache.maximumRecords)
    }

    /// Moved out, so that sorting them makes no copy.
    mutating func take() -> [DigestTable.Record] {
      let taken = added
      added = []
      return taken
    }

    mutating func takeAll() -> [DigestTable.Record] {
      guard fresh.count > 0 else { return take() }
      sort()
      let taken = fresh.records
      fresh = .empty
      return taken
    }
  }

  private let file: FilePath
  private let state: Mutex<State>

  /// More records than this are forgotten all at once: a cache that only grows is read ever slower.
  static let maximumRecords = 1_000_000

  /// Opens the cache that is stored in a file; it starts empty when the file is missing.
  public init(_ file: FilePath) {
    self.file = file
    state = Mutex(State(known: DigestTable.read(file)))
  }

  /// The digest of a file with this status, if it was read before and has not changed since.
  public func digest(of status: FileStatus) -> Digest? {
    state.withLock { state in
      state.sort()
      return state.fresh.digest(of: status) ?? state.known.digest(of: status)
    }
  }

  /// Remembers what a file was found to be.
  /// - Parameter read: a moment before its reading began.
  public func remember(_ digest: Digest, of status: FileStatus, read: Timestamp) {
    guard status.isSettled(at: read), digest.algorithm == .sha256 else { return }
    state.withLock { $0.added.append(DigestTable.Record(status, digest)) }
  }

  /// Writes what was added. Another process's additions are kept.
  public func save() throws {
    let added = state.withLock { $0.takeAll() }
    guard !added.isEmpty else { return }
    try Durable.makeDirectory(file.removingLastComponent())
    let lock = try FileLock.take(file.removingLastComponent().appending("lock"), .alone)
    let merged = DigestTable.read(file).merging(added, limit: DigestCache.maximumRecords)
    try Durable.replaceLazily(file, with: merged.bytes)
    _ = consume lock
    state.withLock { $0.known = merged }
  }
}
