public import OpzJSON
public import OpzOCI

/// The parts of opz.yaml that are no content: they may change while a version stays what it is.
///
/// A record has those of the first packaging; an event `configured` has each later set, whole.
public struct VersionSettings: Codable, Sendable, Hashable {
  /// The `deploy` part of opz.yaml, as `VersionRecord.deploy`.
  public var deploy: JSONValue?
  /// Data, metrics, parent and tags; the commit is in the event's details.
  public var lineage: Lineage
  /// `push.to`.
  public var pushTo: String?
  /// What `opz test` compares with.
  public var tests: [VersionRecord.TestFile]

  /// Creates settings. The commit of `lineage` is dropped, because it is in the event's details.
  public init(deploy: JSONValue?, lineage: Lineage, pushTo: String?, tests: [VersionRecord.TestFile]) {
    self.deploy = deploy
    self.lineage = lineage
    self.lineage.git = nil
    self.pushTo = pushTo
    self.tests = tests
  }

  /// Those of a record.
  public init(_ record: VersionRecord) {
    self.init(deploy: record.deploy, lineage: record.lineage, pushTo: record.pushTo, tests: record.tests)
  }

  /// Bytes of a set as JSON. An event is read whole, whenever its model is looked at.
  static let limit = 4 << 20

  /// Those that an event `configured` has; nil where it has none that can be read.
  init?(_ event: Event) {
    guard event.kind == .configured, let value = event.details["settings"],
      let bytes = try? CanonicalJSON.encode(value), bytes.count <= VersionSettings.limit,
      let settings = try? CanonicalJSON.decode(VersionSettings.self, from: bytes, subject: "event")
    else { return nil }
    self = settings
  }

  /// What differs from an earlier set, by the names of opz.yaml.
  public func changes(since old: VersionSettings) throws -> [SettingsChange] {
    SettingsChange.between(try old.document(), try document())
  }

  /// The set under opz.yaml's own keys. Test files are there by name and digest.
  private func document() throws -> JSONValue {
    var members: [String: JSONValue] = ["lineage": try JSONValue(encoding: lineage)]
    members["deploy"] = deploy
    members["push"] = pushTo.map { .object(["to": .string($0)]) }
    let files = tests.map { ($0.name, JSONValue.string($0.descriptor.digest.description)) }
    members["test"] = files.isEmpty ? nil : .object(Dictionary(files, uniquingKeysWith: { one, _ in one }))
    // Numbers have more than one form (1 and 1.0) until they were written once.
    let bytes = try CanonicalJSON.encode(JSONValue.object(members))
    return try CanonicalJSON.decode(JSONValue.self, from: bytes, subject: "settings")
  }
}

extension VersionRecord {
  /// The record with other settings; its commit stays.
  public func with(_ settings: VersionSettings) -> VersionRecord {
    var record = self
    record.deploy = settings.deploy
    record.pushTo = settings.pushTo
    record.tests = settings.tests
    record.lineage = settings.lineage
    record.lineage.git = lineage.git
    return record
  }
}
