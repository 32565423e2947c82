import OpzOCI

extension Registry {
  /// How a version came into the registry, by the event that recorded it.
  public enum VersionOrigin: Sendable, Equatable {
    /// Its layers were made here, of files that were here.
    case packaged
    /// Another version's layers were put on a base here.
    case rebased
    /// Its record was taken over, so what only the record says is its maker's word.
    case elsewhere
  }

  /// How the registry got a version. A record that is not the one of the event counts as taken over.
  public func origin(of version: Version, in state: ModelState) throws -> VersionOrigin {
    guard let entry = state.versions[version.version]?.first(where: { $0.artifact.digest == version.artifact.digest }),
      try RecordArtifact.manifest(version.record, version.bytes).descriptor.digest == entry.artifact.digest,
      let name = state.events[version.version]?.first(where: { $0.hash == entry.event })
    else { return .elsewhere }
    let event = try log(version.name).read(name).event
    guard event.kind == .packaged else { return .elsewhere }
    return event.details["rebased"] == nil ? .packaged : .rebased
  }
}
