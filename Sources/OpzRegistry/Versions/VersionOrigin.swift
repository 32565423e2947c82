import OpzOCI

extension Registry {
  /// How a version came into the registry, by the event that recorded it.
  public enum VersionOrigin: Sendable, Equatable {
    /// Its layers were built in this registry.
    case packaged
    /// Another version's layers were put on a new base in this registry.
    case rebased
    /// It was pulled, so what only its record says is an unverified claim.
    case elsewhere
  }

  /// How a version came into the registry. A record that differs from the event's counts as pulled.
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
