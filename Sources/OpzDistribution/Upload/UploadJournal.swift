import FoundationEssentials
import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The journal of pending uploads, with one file for each.
final class UploadJournal: Sendable {
  let directory: FilePath
  private let isSwept = Mutex(false)

  /// Seconds after which a record expires; remote registries expire sessions after hours or days.
  static let age: Int64 = 7 * 86_400
  /// Seconds for which an empty file is kept, because the process that created it may not have locked it yet.
  private static let emptyAge: Int64 = 60

  init(directory: FilePath) { self.directory = directory }

  /// Returns the entry of an upload, locked until it is released. Blocks.
  /// - Returns: nil where another process uploads the same blob or the directory cannot be used; the blob is then
  ///   sent without a journal.
  func entry(for key: UploadRecord.Key) -> JournalEntry? {
    do {
      try Durable.makeDirectory(directory)
      sweepOnce()
      guard let locked = try LockedFile.take(directory.appending(key.name), waits: false) else { return nil }
      return JournalEntry(locked, key)
    } catch {
      return nil
    }
  }

  /// Removes the entry of a blob that is stored. A push that was killed between the last response and the removal
  /// leaves one. An entry that is in use is locked, and stays. Blocks.
  func removeEntry(for key: UploadRecord.Key) {
    sweepOnce()
    LockedFile.removeUnused(directory.appending(key.name))
  }

  /// Removes expired and invalid files, once for each journal.
  private func sweepOnce() {
    let isFirst = isSwept.withLock { swept in
      defer { swept = true }
      return !swept
    }
    guard isFirst else { return }
    let now = Timestamp.now().milliseconds / 1000
    for name in (try? Directory.entries(directory)) ?? [] { sweep(directory.appending(name), now) }
  }

  // A file that is in use is locked, and stays.
  private func sweep(_ path: FilePath, _ now: Int64) {
    guard let status = try? FileStatus.find(path, followLinks: false), status.kind == .file else { return }
    let age = now &- status.modified / 1_000_000_000
    let isOld = age > UploadJournal.age
    let isOurs = path.lastComponent.map { UploadRecord.Key.isName($0.string) } ?? false
    guard isOld || isOurs, isOld || status.size > 0 || age > UploadJournal.emptyAge else { return }
    LockedFile.removeUnused(path) { file in
      // A record that does not match its file name is as useless as a truncated one.
      isOld || UploadRecord.read(file)?.key.name != path.lastComponent?.string
    }
  }
}

/// The journal file of one upload. It stays locked until it is released or the value is gone.
final class JournalEntry: Sendable {
  private let locked: LockedFile
  let key: UploadRecord.Key
  private let synced = Mutex<ContinuousClock.Instant?>(nil)

  /// A killed process loses nothing that is in the page cache, so fsync matters only for a power failure, which may
  /// cost this much progress.
  private static let syncInterval = Duration.seconds(5)

  private var file: OpenFile { _read { yield locked.file } }

  init(_ locked: consuming LockedFile, _ key: UploadRecord.Key) {
    self.locked = locked
    self.key = key
  }

  /// Leaves the file to the next push. Only then is it certain to be unlocked: a closure on another thread may keep the
  /// value a moment longer.
  func release() { locked.unlock() }

  /// Returns the record of an earlier process, or nil where there is no usable one.
  func read() -> UploadRecord? {
    guard let record = UploadRecord.read(file), record.key == key else { return nil }
    return record
  }

  /// Replaces the record. A failed write only means that the upload cannot be resumed.
  func write(_ location: WebAddress, acknowledged: UInt64) {
    let record = UploadRecord(
      key: key, location: location.description, acknowledged: acknowledged, updated: Timestamp.now().milliseconds)
    guard let bytes = try? CanonicalJSON.encode(record), bytes.count <= UploadRecord.limit else { return clear() }
    let written = bytes.withUnsafeBytes { pwrite(file.descriptor, $0.baseAddress, $0.count, 0) }
    guard written == bytes.count, ftruncate(file.descriptor, off_t(written)) == 0 else { return clear() }
    let now = ContinuousClock.now
    let isDue = synced.withLock { last in
      if let last, now - last < JournalEntry.syncInterval { return false }
      last = now
      return true
    }
    if isDue { try? file.sync() }
  }

  /// Discards the record: its session can no longer be used.
  func clear() { _ = ftruncate(file.descriptor, 0) }

  /// Removes the file if the upload ended without a session to resume.
  func removeIfEmpty() { if let size = try? file.status().size, size == 0 { remove() } }

  /// Removes the file, because the blob is stored.
  func remove() { try? Durable.remove(file.path) }
}

/// The saved state of a pending upload.
struct UploadRecord: Codable, Sendable, Equatable {
  /// Identifies an upload. All four members must match before it is resumed.
  struct Key: Codable, Sendable, Hashable {
    /// The origin of the remote registry.
    let registry: String
    let repository: String
    let digest: String
    let size: UInt64

    /// The name of the upload's journal file.
    var name: String { Digest.of(Array("\(registry)\n\(repository)\n\(digest)\n\(size)".utf8)).hex + ".json" }

    /// Whether a file name can be that of a journal entry.
    static func isName(_ name: String) -> Bool {
      name.utf8.count == 69 && name.hasSuffix(".json")
        && name.utf8.prefix(64).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
  }

  static let currentFormat = 1
  /// The maximum size of a record in bytes. Records are smaller, because a `Location` has at most 16 KiB.
  static let limit = 32 << 10

  var format = UploadRecord.currentFormat
  let key: Key
  /// The session's latest `Location`. It may contain signed state, so only the owner can read the file.
  var location: String
  /// The number of bytes that the remote registry has confirmed.
  var acknowledged: UInt64
  /// Milliseconds since 1970.
  var updated: Int64

  /// Reads the record in a file; nil where there is no valid and recent one.
  static func read(_ file: borrowing OpenFile) -> UploadRecord? {
    guard let size = try? file.status().size, size > 0, size <= UInt64(limit) else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    let count = try? bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    guard count == bytes.count,
      let record = try? CanonicalJSON.decode(UploadRecord.self, from: bytes, subject: file.path.string),
      record.format == currentFormat, record.acknowledged <= record.key.size
    else { return nil }
    let age = (Timestamp.now().milliseconds &- record.updated) / 1000
    return (-86_400...UploadJournal.age).contains(age) ? record : nil
  }
}
