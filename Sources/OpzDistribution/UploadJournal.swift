import FoundationEssentials
import OpzIO
import OpzStore
import SystemPackage

/// The uploads that are under way, a file each.
struct UploadJournal: Sendable {
  let directory: FilePath

  /// Seconds after which an upload is forgotten: registries throw sessions away after hours or days.
  static let age: Int64 = 7 * 86_400

  /// The entry of an upload, locked until it goes away; nil when another process sends the same blob, or the directory cannot be
  /// used: then the blob is sent without one. It blocks.
  func entry(for key: UploadRecord.Key) -> JournalEntry? {
    do {
      try Durable.makeDirectory(directory)
      sweep()
      guard let file = try LockedFile.take(directory.appending(key.name), waits: false) else { return nil }
      return JournalEntry(file, key)
    } catch {
      return nil
    }
  }

  // What nobody came back for. A file that is in use is locked, and stays.
  private func sweep() {
    let limit = (Timestamp.now().milliseconds / 1000 - UploadJournal.age) &* 1_000_000_000
    for path in (try? Directory.entries(directory)) ?? [] {
      let old = directory.appending(path)
      guard let status = try? FileStatus.find(old, followLinks: false), status.kind == .file, status.modified < limit,
        let file = try? LockedFile.take(old, waits: false)
      else { continue }
      try? Durable.remove(old)
      _ = consume file
    }
  }
}
