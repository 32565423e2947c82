import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

@testable import OpzRegistry

/// Writes into a registry what a later opz would: kinds of events, members and features that this one does not know.
struct LaterOpz {
  let registry: Registry

  private func read(_ path: FilePath) throws -> [String: JSONValue] {
    try JSONValue(json: SmallFile.read(path, limit: 1 << 20)).object ?? [:]
  }

  /// Appends an event: the last one of the model with other members, and others beside them.
  @discardableResult
  func append(_ kind: String, to name: String, _ members: [String: JSONValue] = [:]) throws -> EventLog.Name {
    let log = try registry.log(ModelName(name))
    guard let last = try log.names().last else { throw RegistryError(.notFound, name, reason: "it has no event") }
    var event = try read(log.events.appending(last.file))
    event["kind"] = .string(kind)
    event["number"] = .integer(Int64(last.number + 1))
    event["heads"] = .array(try log.currentHeads().map { .string($0) })
    event["alias"] = nil
    event["details"] = .object([:])
    event.merge(members) { _, new in new }
    let bytes = try CanonicalJSON.encodePretty(JSONValue.object(event))
    let written = EventLog.Name(number: last.number + 1, digest: .of(bytes))
    _ = try Durable.createExclusively(log.events.appending(written.file), with: bytes)
    for head in try EventLog.list(log.heads) { try Durable.remove(log.heads.appending(head)) }
    _ = try Durable.createExclusively(log.heads.appending(written.hash), with: [])
    return written
  }

  /// A record with members of a later opz, in all of its parts.
  func record(_ record: VersionRecord, _ change: (inout [String: JSONValue]) -> Void = { _ in }) throws -> [UInt8] {
    var members = try JSONValue(json: CanonicalJSON.encode(record)).object ?? [:]
    let note = JSONValue.object(["workers": .integer(2), "note": .string("of a later opz")])
    members["serve"] = note
    for part in ["runtime", "lineage", "deploy"] {
      var inner = members[part]?.object ?? [:]
      inner["later"] = note
      members[part] = .object(inner)
    }
    change(&members)
    return try CanonicalJSON.encodePretty(JSONValue.object(members))
  }

  /// Takes over a record as it is, as a pull does.
  @discardableResult
  func pull(_ bytes: [UInt8], _ record: VersionRecord) throws -> Registry.Outcome {
    let artifact = try RecordArtifact.store(record, bytes, in: registry.store)
    return try registry.adopt(bytes, artifact: artifact, by: Author(actor: "later@opz"))
  }
}
