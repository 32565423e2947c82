import OpzIO
import OpzJSON
import OpzOCI

/// What is known of an upload that is under way.
struct UploadRecord: Codable, Sendable, Equatable {
  /// Whose upload it is. All four have to agree before anything is gone on with.
  struct Key: Codable, Sendable, Hashable {
    /// The registry's origin.
    let registry: String
    let repository: String
    let digest: String
    let size: UInt64

    /// The name of its file.
    var name: String { Digest.of(Array("\(registry)\n\(repository)\n\(digest)\n\(size)".utf8)).hex + ".json" }

    /// Whether a file's name is that of an entry.
    static func isName(_ name: String) -> Bool {
      name.utf8.count == 69 && name.hasSuffix(".json")
        && name.utf8.prefix(64).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
  }

  static let currentFormat = 1
  /// Bytes. A record has fewer: a Location has at most 16 KiB.
  static let limit = 32 << 10

  var format = UploadRecord.currentFormat
  let key: Key
  /// The session's newest Location. It may hold signed state, so the file is its owner's alone.
  var location: String
  /// Bytes that the registry has said it has.
  var acknowledged: UInt64
  /// Milliseconds since 1970.
  var updated: Int64

  /// The record in a file; nil where there is none that can be used.
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
