import OpzIO
import OpzJSON
import OpzOCI

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
