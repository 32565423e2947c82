import OpzIO
import OpzStore
import Synchronization
import SystemPackage

/// The uploads that are under way, a file each.
final class UploadJournal: Sendable {
  let directory: FilePath
  private let isSwept = Mutex(false)

  /// Seconds after which an upload is forgotten: registries throw sessions away after hours or days.
  static let age: Int64 = 7 * 86_400
  /// Seconds that an empty file is left alone: whoever made it may not have locked it yet.
  private static let emptyAge: Int64 = 60

  init(directory: FilePath) { self.directory = directory }

  /// The entry of an upload, locked until it goes away; nil when another process sends the same blob, or the directory cannot be
  /// used: then the blob is sent without one. It blocks.
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

  /// The registry has the blob, so there is nothing to go on with: a push that was killed between the registry's last answer and the
  /// entry's end left it. One that is in use is locked, and stays. It blocks.
  func settle(_ key: UploadRecord.Key) {
    sweepOnce()
    LockedFile.removeUnused(directory.appending(key.name))
  }

  /// What nobody can go on with, once a journal.
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
      // A record of another upload than the name says is nobody's, as one that is torn.
      isOld || UploadRecord.read(file)?.key.name != path.lastComponent?.string
    }
  }
}
