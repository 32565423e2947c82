import FoundationEssentials
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One upload's record on the disk. The process that has the value has the lock on the file.
final class JournalEntry: Sendable {
  private let file: OpenFile
  let key: UploadRecord.Key
  private let synced = Mutex<ContinuousClock.Instant?>(nil)

  /// The page cache outlives a killed process; only a power cut needs the disk, and may cost this much more.
  private static let syncInterval = Duration.seconds(5)

  init(_ file: consuming OpenFile, _ key: UploadRecord.Key) {
    self.file = file
    self.key = key
  }

  /// What an earlier process left; nil where there is nothing, or nothing that can be used.
  func read() -> UploadRecord? {
    guard let record = UploadRecord.read(file), record.key == key else { return nil }
    return record
  }

  /// Replaces what is there. A journal that cannot be written costs a resume, not the push.
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

  /// The session is of no use any more.
  func clear() { _ = ftruncate(file.descriptor, 0) }

  /// The upload has ended without one to go on with.
  func removeIfEmpty() { if let size = try? file.status().size, size == 0 { remove() } }

  /// The blob is there.
  func remove() { try? Durable.remove(file.path) }
}
