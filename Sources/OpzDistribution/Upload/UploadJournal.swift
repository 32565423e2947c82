import OpzIO
import Synchronization
import SystemPackage

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
      guard let file = try LockedFile.take(directory.appending(key.name), waits: false) else { return nil }
      return JournalEntry(file, key)
    } catch {
      return nil
    }
  }

  /// Removes the entry of a blob that is stored. A push that was killed between the last response and the removal
  /// leaves one. An entry that is in use is locked, and stays. Blocks.
  func settle(_ key: UploadRecord.Key) {
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
