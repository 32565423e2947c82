public import OpzJSON
public import OpzOCI

/// The sections of opz.yaml that are not content: they may change for an existing version.
///
/// A record has the settings of the first packaging; an event `configured` has each later set, complete.
public struct VersionSettings: Codable, Sendable, Hashable {
  /// The `deploy` section of opz.yaml, as in `VersionRecord.deploy`.
  public var deploy: JSONValue?
  /// Data, metrics, parent and tags; the commit is in the event's details.
  public var lineage: Lineage
  /// `push.to`.
  public var pushTo: String?
  /// The files that `opz test` compares with.
  public var tests: [VersionRecord.TestFile]

  /// Creates settings. The commit of `lineage` is dropped, because it is in the event's details.
  public init(deploy: JSONValue?, lineage: Lineage, pushTo: String?, tests: [VersionRecord.TestFile]) {
    self.deploy = deploy
    self.lineage = lineage
    self.lineage.git = nil
    self.pushTo = pushTo
    self.tests = tests
  }

  /// The settings in a record.
  public init(_ record: VersionRecord) {
    self.init(deploy: record.deploy, lineage: record.lineage, pushTo: record.pushTo, tests: record.tests)
  }

  /// The largest set as JSON, in bytes: every event is read with its model.
  static let limit = 4 << 20

  /// The settings in an event `configured`; nil if there are none or they cannot be read.
  init?(_ event: Event) {
    guard event.kind == .configured, let value = event.details["settings"],
      let bytes = try? CanonicalJSON.encode(value), bytes.count <= VersionSettings.limit,
      let settings = try? CanonicalJSON.decode(VersionSettings.self, from: bytes, subject: "event")
    else { return nil }
    self = settings
  }

  /// The differences from an earlier set, under the names of opz.yaml.
  public func changes(since old: VersionSettings) throws -> [SettingsChange] {
    SettingsChange.between(try old.document(), try document())
  }

  /// The settings under opz.yaml's keys, with test files by name and digest.
  private func document() throws -> JSONValue {
    var members: [String: JSONValue] = ["lineage": try JSONValue(encoding: lineage)]
    members["deploy"] = deploy
    members["push"] = pushTo.map { .object(["to": .string($0)]) }
    let files = tests.map { ($0.name, JSONValue.string($0.descriptor.digest.description)) }
    members["test"] = files.isEmpty ? nil : .object(Dictionary(files, uniquingKeysWith: { one, _ in one }))
    // Encoding unifies numbers that have more than one form (1 and 1.0).
    let bytes = try CanonicalJSON.encode(JSONValue.object(members))
    return try CanonicalJSON.decode(JSONValue.self, from: bytes, subject: "settings")
  }
}

extension VersionRecord {
  /// The record with other settings; its commit is kept.
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
