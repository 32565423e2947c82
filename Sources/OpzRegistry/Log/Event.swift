public import OpzIO
public import OpzJSON
public import OpzOCI

/// Something that happened to a model: one file in `events/`, never changed.
///
/// Each event names the hashes of the heads that it saw. While one registry writes, the log is a line; where two clones
/// meet, it is a graph that joins.
public struct Event: Codable, Sendable, Hashable {
  public static let currentFormat = 1

  /// What happened. The raw value is the event's `kind` in its file.
  public enum Kind: String, Codable, Sendable {
    /// A version was recorded.
    case packaged
    /// The same content was packaged again, from another commit perhaps.
    case repackaged
    /// The same content was packaged with other settings: `details.settings` has all of them.
    case configured
    case pushed
    case pulled
    case deployed
    case tested
    /// An alias was set, or taken away.
    case aliased
    case unaliased
    /// An alias was set after the gates of a policy; `details` has their evidence.
    case promoted
    /// An alias went back to what it named before.
    case rolledBack = "rolled-back"
    /// Somebody answers for a version; `details` says for which alias.
    case approved
    /// A tag was set or taken away, or a model card was written.
    case tagged
    case described
    /// An artifact whose subject is the image was added: `details.attachment` is its manifest's descriptor.
    case attached
    /// A tombstone: the version is gone, its number stays taken.
    case deleted
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
  /// The identity of the version's content, so that nobody has to read its record to know it.
  public var content: Digest?
  /// What happened to an alias.
  public var alias: AliasMove?
  /// What else is worth knowing, by kind: `destination`, `commit` ..
  public var details: [String: JSONValue]

  /// A move of an alias to the event's version, or away from it.
  public struct AliasMove: Codable, Sendable, Hashable {
    public var name: String
    /// The hashes of the moves that this one takes the place of, sorted. Two moves after the same one were made apart: a conflict.
    public var after: [String]
    /// Of a roll-back: the hash of the move whose state is back.
    public var restores: String?

    /// Creates a move.
    ///
    /// - Parameters:
    ///   - name: the alias.
    ///   - after: the hashes of the moves that this one replaces, sorted.
    ///   - restores: for a roll-back, the hash of the move whose state it restores.
    public init(name: String, after: [String], restores: String? = nil) {
      self.name = name
      self.after = after
      self.restores = restores
    }
  }

  /// Creates an event with the given values, unchecked. It has a hash only once `EventLog` has written its bytes.
  public init(
    kind: Kind, model: String, version: String, at: String, actor: String, number: Int, heads: [String], image: Digest,
    record: Descriptor? = nil, content: Digest? = nil, alias: AliasMove? = nil, details: [String: JSONValue] = [:]
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
    self.content = content
    self.alias = alias
    self.details = details
  }
}
