import OpzIO

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
  }

  static let currentFormat = 1

  var format = UploadRecord.currentFormat
  let key: Key
  /// The session's newest Location. It may hold signed state, so the file is its owner's alone.
  var location: String
  /// Bytes that the registry has said it has.
  var acknowledged: UInt64
  /// Milliseconds since 1970.
  var updated: Int64
}
