public import OpzIO
public import OpzOCI
import OpzStore
import SystemPackage

/// Who changes a registry, and when.
public struct Author: Sendable {
  public var actor: String
  public var at: Timestamp

  public init(actor: String, at: Timestamp = .now()) {
    self.actor = actor
    self.at = at
  }
}

extension Registry {
  /// What became of a request to record a version.
  public enum Outcome: Sendable {
    case recorded(Version)
    /// The same content was there, under this version.
    case existed(Version)
  }

  /// Records a version, in the order blobs, record, claim, event.
  ///
  /// The blobs of the image and of `record.tests` are in the store already. Under the model's lock, `choose` is given all
  /// versions that there are and says which number the record takes, or which version it is already.
  public func record(
    _ name: ModelName, by author: Author, details: [String: JSONValue] = [:],
    choose: @Sendable (_ existing: [Version]) throws -> Choice
  ) throws -> Outcome {
    try locked(name) {
      switch try choose(try all(name)) {
      case .same(let version):
        try append(.repackaged, version, author, details)
        return .existed(version)
      case .new(let record, let version):
        let bytes = try CanonicalJSON.encodePretty(record)
        let recorded = try claim(name, version, record, bytes)
        try append(.packaged, recorded, author, details)
        return .recorded(recorded)
      }
    }
  }

  public enum Choice: Sendable {
    case same(Version)
    case new(VersionRecord, SemanticVersion)
  }

  /// Takes over a version that was recorded elsewhere, byte for byte. Its blobs are in the store.
  /// - Throws: `RegistryError.versionTaken` when the number stands for something else here.
  public func adopt(
    _ bytes: [UInt8], artifact: Descriptor, by author: Author, details: [String: JSONValue] = [:]
  ) throws -> Outcome {
    let record = try VersionRecord.decode(bytes, subject: artifact.digest.description)
    let name = try ModelName(record.name)
    guard let version = SemanticVersion(record.version) else {
      throw RegistryError(.damaged, artifact.digest.description, "\"\(record.version)\" is not a version")
    }
    return try locked(name) {
      if let existing = try all(name).first(where: { $0.version == version }) {
        guard existing.bytes == bytes else {
          throw RegistryError(
            .versionTaken, record.reference, "this registry has another version of that number",
            hint:
              "opz show \(record.reference) tells where it came from; pull into another registry with --registry DIR")
        }
        return .existed(existing)
      }
      let recorded = try claim(name, version, record, bytes, artifact: artifact)
      try append(.pulled, recorded, author, details)
      return .recorded(recorded)
    }
  }

  /// Adds an event about a version that exists.
  public func note(_ kind: Event.Kind, _ version: Version, by author: Author, details: [String: JSONValue]) throws {
    try locked(version.name) { try append(kind, version, author, details) }
  }

  private func locked<Value>(_ name: ModelName, _ body: () throws -> Value) throws -> Value {
    try FileLock.holding(root.appending("lock"), .shared) {
      try Durable.makeDirectory(directory(name))
      return try FileLock.holding(directory(name).appending("lock"), .alone, body)
    }
  }

  /// Writes `version.json`. A claim without an event is what a writer left that died: its number is free.
  private func claim(
    _ name: ModelName, _ version: SemanticVersion, _ record: VersionRecord, _ bytes: [UInt8],
    artifact: Descriptor? = nil
  ) throws -> Version {
    let made = try artifact ?? RecordArtifact.store(record, bytes, in: store)
    let place = directory(name, version)
    try Durable.makeDirectory(place)
    let path = place.appending("version.json")
    if try !Durable.claim(path, with: bytes, mode: 0o444) {
      guard try recorded(name)[version] == nil else {
        throw RegistryError(
          .versionTaken, record.reference, "the version exists", hint: "opz package --version auto takes the next")
      }
      try Durable.replace(path, with: bytes, mode: 0o444)
    }
    let recorded = Version(name: name, version: version, record: record, bytes: bytes, artifact: made)
    try exportLayout(of: recorded)
    return recorded
  }

  private func append(
    _ kind: Event.Kind, _ version: Version, _ author: Author, _ details: [String: JSONValue]
  ) throws {
    try log(version.name).append { number, heads in
      Event(
        kind: kind, model: version.name.description, version: version.version.description, at: author.at.description,
        actor: author.actor, number: number, heads: heads, image: version.record.image.digest,
        record: version.artifact, details: details)
    }
    if kind == .packaged || kind == .pulled { try exportIndex(adding: version) }
  }
}
