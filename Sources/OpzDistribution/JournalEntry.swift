import FoundationEssentials
import OpzIO
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

  /// A record is smaller: a Location has at most 16 KiB.
  static let limit = 32 << 10
  /// The page cache outlives a killed process; only a power cut needs the disk, and may cost this much more.
  private static let syncInterval = Duration.seconds(5)

  init(_ file: consuming OpenFile, _ key: UploadRecord.Key) {
    self.file = file
    self.key = key
  }

  /// What an earlier process left; nil where there is nothing, or nothing that can be used.
  func read() -> UploadRecord? {
    guard let size = try? file.status().size, size > 0, size <= UInt64(JournalEntry.limit) else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    let count = try? bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    guard count == bytes.count,
      let record = try? CanonicalJSON.decode(UploadRecord.self, from: bytes, subject: file.path.string),
      record.format == UploadRecord.currentFormat, record.key == key, record.acknowledged <= key.size
    else { return nil }
    let age = (Timestamp.now().milliseconds &- record.updated) / 1000
    return (-86_400...UploadJournal.age).contains(age) ? record : nil
  }

  /// Replaces what is there. A journal that cannot be written costs a resume, not the push.
  func write(_ location: WebAddress, acknowledged: UInt64) {
    let record = UploadRecord(
      key: key, location: location.description, acknowledged: acknowledged, updated: Timestamp.now().milliseconds)
    guard let bytes = try? CanonicalJSON.encode(record), bytes.count <= JournalEntry.limit else { return clear() }
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

  /// The blob is there.
  func remove() { try? Durable.remove(file.path) }
}
