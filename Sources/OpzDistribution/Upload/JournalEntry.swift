import FoundationEssentials
import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The journal file of one upload. It stays locked for as long as the value exists.
final class JournalEntry: Sendable {
  private let file: OpenFile
  let key: UploadRecord.Key
  private let synced = Mutex<ContinuousClock.Instant?>(nil)

  /// A killed process loses nothing that is in the page cache, so fsync matters only for a power failure, which may
  /// cost this much progress.
  private static let syncInterval = Duration.seconds(5)

  init(_ file: consuming OpenFile, _ key: UploadRecord.Key) {
    self.file = file
    self.key = key
  }

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
