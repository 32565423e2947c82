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
  public enum Kind: RawRepresentable, Codable, Sendable, Hashable {
    /// A version was recorded.
    case packaged
    /// The same content was packaged again, perhaps from another commit.
    case repackaged
    /// The same content was packaged with other settings: `details.settings` has the complete set.
    case configured
    case pushed
    case pulled
    case deployed
    case tested
    /// An alias was set.
    case aliased
    /// An alias was removed.
    case unaliased
    /// An alias was set after the gates of a policy passed; `details` has their evidence.
    case promoted
    /// An alias was set back to what it named before.
    case rolledBack
    /// Somebody approved a version; `details` says for which alias.
    case approved
    /// Tags were set or removed.
    case tagged
    /// A model card was written.
    case described
    /// An artifact whose subject is the image was added: `details.attachment` is its manifest's descriptor.
    case attached
    /// A tombstone: the version was deleted; its number stays taken.
    case deleted
    /// A kind of a later opz. The event is kept and shown, and changes nothing here.
    case unknown(String)
  }

  public var format = Event.currentFormat
  public var kind: Kind
  public var model: String
  public var version: String
  /// RFC 3339 with milliseconds.
  public var at: String
  /// Who did it: `user@host`.
  public var actor: String
  /// One more than the largest number among `heads`; 1 for the first.
  public var number: Int
  /// The hashes of the events that were heads before this one, sorted.
  public var heads: [String]
  public var image: Digest
  /// The manifest of the record's artifact.
  public var record: Descriptor?
  /// The identity of the version's content, so that it is known without reading the record.
  public var content: Digest?
  /// The move of an alias.
  public var alias: AliasMove?
  /// Further members, which depend on the kind: `destination`, `commit` ..
  public var details: [String: JSONValue]
  /// Names of what a reader has to know to read the model at all; nil in events of format 1.
  public var critical: [String]?

  /// A move of an alias to the event's version, or away from it.
  public struct AliasMove: Codable, Sendable, Hashable {
    public var name: String
    /// The hashes of the moves that this one replaces, sorted. Two moves that replace the same one were made in
    /// different clones: a conflict.
    public var after: [String]
    /// For a rollback: the hash of the move that is restored.
    public var restores: String?

    /// Creates a move.
    ///
    /// - Parameters:
    ///   - name: the alias.
    ///   - after: the hashes of the moves that this one replaces, sorted.
    ///   - restores: for a rollback, the hash of the move whose state it restores.
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

extension Event.Kind {
  /// The kinds that readers of registries of format 1 know. None is added to them.
  static let ofFormat1: [Event.Kind] = [
    .packaged, .repackaged, .configured, .pushed, .pulled, .deployed, .tested, .aliased, .unaliased, .promoted,
    .rolledBack, .approved, .tagged, .described, .attached, .deleted,
  ]
  /// The kinds that were added since.
  static let ofFormat2: [Event.Kind] = []
  static let known = ofFormat1 + ofFormat2
  private static let byName = Dictionary(uniqueKeysWithValues: known.map { ($0.rawValue, $0) })

  /// The kind of this name; nil for a text that no kind can have: lower-case letters, digits and `-`, at most 63.
  public init?(rawValue: String) {
    if let kind = Event.Kind.byName[rawValue] {
      self = kind
      return
    }
    let bytes = rawValue.utf8
    let isName = bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    guard (1...63).contains(bytes.count), isName, bytes.first.map({ $0 >= 97 }) == true else { return nil }
    self = .unknown(rawValue)
  }

  public var rawValue: String {
    switch self {
    case .packaged: "packaged"
    case .repackaged: "repackaged"
    case .configured: "configured"
    case .pushed: "pushed"
    case .pulled: "pulled"
    case .deployed: "deployed"
    case .tested: "tested"
    case .aliased: "aliased"
    case .unaliased: "unaliased"
    case .promoted: "promoted"
    case .rolledBack: "rolled-back"
    case .approved: "approved"
    case .tagged: "tagged"
    case .described: "described"
    case .attached: "attached"
    case .deleted: "deleted"
    case .unknown(let name): name
    }
  }
}
