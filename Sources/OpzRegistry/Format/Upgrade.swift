import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// A change of a registry's format.
public struct FormatChange: Sendable, Codable {
  public let from: Int
  public let to: Int
  /// Models and events that stay as they are.
  public let models: Int
  public let events: Int
  /// What is in the way: documents that readers of the other format do not read. Their paths, with the reason.
  public let obstacles: [String]

  /// Whether there is something to change.
  public var isChange: Bool { from != to }
}

extension Registry {
  /// Changes the registry's format: the one file `registry.json` is replaced, atomically and durably, while no writer
  /// is at work.
  ///
  /// Events and records stay as they are, since those of format 1 are read in format 2 too. So the way back is open
  /// until there is a document that only readers of format 2 read.
  /// - Parameters:
  ///   - format: 1 or 2.
  ///   - isDryRun: find out what would be in the way, and change nothing.
  /// - Throws: `RegistryError.conflict` when something is in the way.
  @discardableResult
  public func changeFormat(to format: Int, isDryRun: Bool = false) throws -> FormatChange {
    try requireLocks()
    return try FileLock.holding(root.appending("lock"), .exclusive) {
      let marker = try RegistryMarker.read(in: root)
      let names = try models()
      let obstacles = format < marker.format ? try self.obstacles(marker, names) : []
      let change = FormatChange(
        from: marker.format, to: format, models: names.count,
        events: try names.reduce(0) { try $0 + log($1).names().count }, obstacles: obstacles)
      if isDryRun || !change.isChange { return change }
      if let first = obstacles.first {
        throw RegistryError(
          .conflict, root.string,
          reason:
            "the registry has \(obstacles.count) document\(obstacles.count == 1 ? "" : "s") of format 2; the first is \(first)",
          hint: "it stays at format 2; every opz that uses it has to read that")
      }
      try Durable.replace(RegistryMarker.path(in: root), with: markerBytes(format: format))
      return change
    }
  }

  /// The marker with another number; what else it has stays.
  private func markerBytes(format: Int) throws -> [UInt8] {
    let bytes = try SmallFile.read(RegistryMarker.path(in: root), limit: 4096)
    var members = try JSONValue(json: bytes).object ?? [:]
    members["format"] = .integer(Int64(format))
    return try CanonicalJSON.encodePretty(JSONValue.object(members))
  }

  /// Documents that a reader of format 1 refuses, or must not read.
  private func obstacles(_ marker: RegistryMarker, _ names: [ModelName]) throws -> [String] {
    var found = marker.critical == nil ? [] : ["registry.json: it has \"critical\""]
    for name in names {
      let log = log(name)
      let events = try? OpenDirectory(log.events)
      for event in try log.names() {
        let entry = try log.document(event, in: events)
        if entry.event.isOfFormat1 { continue }
        let reason = entry.event.kind.isOfFormat1 ? "format 2" : "the kind \(entry.event.kind.rawValue)"
        found.append("models/\(name)/events/\(event.file): \(reason)")
      }
      for version in try EventLog.list(versionsDirectory(name)) {
        let path = versionsDirectory(name).appending(version).appending("version.json")
        guard try FileStatus.find(path) != nil else { continue }
        let header = try VersionRecord.Header(SmallFile.read(path, limit: VersionRecord.limit), subject: path.string)
        if header.format == 1, header.critical == nil { continue }
        found.append("models/\(name)/versions/\(version)/version.json: format 2")
      }
    }
    return found
  }
}
