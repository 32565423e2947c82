public import OpzIO
import OpzStore
import Synchronization
public import SystemPackage

/// The SHA-256 of files hashed before, looked up by their stat(2) result: device, inode, size, and times of
/// modification and change in nanoseconds. An unchanged file costs one stat.
///
/// A file whose times are within the clock's granularity of the moment it was read is not cached: it could change
/// again without a change of its times (git calls such an entry racy).
///
/// On disk: `opz digests 1\n`, padded with zeros to 16 bytes; records of 72 bytes (device, inode, size, modified,
/// changed, each 8 bytes little endian; the digest, 32), sorted by device and inode; the SHA-256 of all that. A
/// corrupt file is treated as missing.
public final class DigestCache: Sendable {
  private struct State {
    /// The records in the file.
    var known: DigestTable
    /// Records added since, sorted at the last lookup.
    var fresh = DigestTable.empty
    /// Records added after that.
    var added: [DigestTable.Record] = []

    mutating func sort() {
      guard !added.isEmpty else { return }
      fresh = fresh.merging(take(), limit: DigestCache.maximumRecords)
    }

    /// Moves the records out, so that sorting them does not copy.
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

  /// Above this many records the cache starts over, because reading a growing file would become ever slower.
  static let maximumRecords = 1_000_000

  /// Opens the cache that is stored in a file; it starts empty when the file is missing.
  public init(_ file: FilePath) {
    self.file = file
    state = Mutex(State(known: DigestTable.read(file)))
  }

  /// The digest of a file with this status, if it was hashed before and has not changed since.
  public func digest(of status: FileStatus) -> Digest? {
    state.withLock { state in
      state.sort()
      return state.fresh.digest(of: status) ?? state.known.digest(of: status)
    }
  }

  /// Adds a file's digest.
  /// - Parameter read: a moment before the file's reading began.
  public func remember(_ digest: Digest, of status: FileStatus, read: Timestamp) {
    guard status.isSettled(at: read), digest.algorithm == .sha256 else { return }
    state.withLock { $0.added.append(DigestTable.Record(status, digest)) }
  }

  /// Writes the added records, merged with those of other processes.
  public func save() throws {
    let added = state.withLock { $0.takeAll() }
    guard !added.isEmpty else { return }
    try Durable.makeDirectory(file.removingLastComponent())
    let lock = try FileLock.take(file.removingLastComponent().appending("lock"), .exclusive)
    let merged = DigestTable.read(file).merging(added, limit: DigestCache.maximumRecords)
    try Durable.replaceWithoutSync(file, with: merged.bytes)
    _ = consume lock
    state.withLock { $0.known = merged }
  }
}
