public import OpzIO
public import OpzOCI

/// Something that happened to a model: one file in `events/`, never changed.
///
/// Each event names the hashes of the heads that it saw. While one registry writes, the log is a line; where two clones
/// meet, it is a graph that joins.
public struct Event: Codable, Sendable, Hashable {
  public static let currentFormat = 1

  public enum Kind: String, Codable, Sendable {
    /// A version was recorded.
    case packaged
    /// The same content was packaged again, from another commit perhaps.
    case repackaged
    case pushed
    case pulled
    case deployed
    case tested
  }

  public var format = Event.currentFormat
  public var kind: Kind
  public var model: String
  public var version: String
  /// RFC 3339 with milliseconds.
  public var at: String
  /// Who: `user@host`.
  public var actor: String
  /// One more than the largest number among `heads`; 1 for the first.
  public var number: Int
  /// The hashes of the heads that the writer saw, sorted.
  public var heads: [String]
  public var image: Digest
  /// The manifest of the record's artifact.
  public var record: Descriptor?
  /// What else is worth knowing, by kind: `destination`, `commit` ..
  public var details: [String: JSONValue]

  public init(
    kind: Kind, model: String, version: String, at: String, actor: String, number: Int, heads: [String], image: Digest,
    record: Descriptor? = nil, details: [String: JSONValue] = [:]
  ) {
    self.kind = kind
    self.model = model
    self.version = version
    self.at = at
    self.actor = actor
    self.number = number
    self.heads = heads
    self.image = image
    self.record = record
    self.details = details
  }
}
