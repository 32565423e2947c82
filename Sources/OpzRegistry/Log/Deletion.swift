public import OpzIO
public import OpzOCI
import SystemPackage

extension Registry {
  /// For how many days a version is kept from deletion after an alias moved away from it, so that the alias can be
  /// rolled back.
  public static let rollbackDays = 30

  /// Deletes a version by a tombstone event. Its number stays taken; the next garbage collection removes its blobs.
  /// - Parameters:
  ///   - image: if two clones gave the number to different images, the one to delete.
  ///   - force: also delete a version that an alias named within the rollback window.
  /// - Throws: `RegistryError.held` while an alias names it, or named it within the rollback window.
  public func delete(
    _ name: ModelName, _ version: SemanticVersion, image: Digest? = nil, force: Bool = false, by author: Author
  ) throws {
    try locked(name) {
      let state = try state(name)
      let entry: ModelState.Entry
      if let image {
        guard let found = state.live.first(where: { $0.version == version && $0.image == image }) else {
          throw RegistryError(.notFound, "\(name)@\(version)", reason: "it has no image \(image)")
        }
        entry = found
      } else {
        entry = try load(LocalReference(name, .version(version)), state)
      }
      let others = state.live.filter { $0.version == version && $0.artifact != entry.artifact }
      if others.isEmpty { try requireFree(name, version, state: state, now: author.at, force: force) }
      try log(name).append { number, heads in
        Event(
          kind: .deleted, model: name.description, version: version.description, at: author.at.description,
          actor: author.actor, number: number, heads: heads, image: entry.image, record: entry.artifact,
          content: entry.content)
      }
      if let other = others.first {
        try restoreRecord(name, other)
      } else {
        try removeExports(of: name, version)
      }
    }
  }

  private func load(_ reference: LocalReference, _ state: ModelState) throws -> ModelState.Entry {
    let found = try find(reference, in: state)
    guard let entry = state.live.first(where: { $0.version == found.version }) else {
      throw RegistryError(.notFound, reference.description, reason: "no such version")
    }
    return entry
  }

  private func requireFree(
    _ name: ModelName, _ version: SemanticVersion, state: ModelState, now: Timestamp, force: Bool
  ) throws {
    if let alias = state.aliases(of: version).first {
      throw RegistryError(
        .held, "\(name)@\(version)", reason: "the alias \(alias) names it",
        hint: "move the alias first: opz alias \(name) \(alias) VERSION, or --remove")
    }
    if force { return }
    let window = Timestamp(milliseconds: now.milliseconds - Int64(Registry.rollbackDays) * 86_400_000)
    for alias in state.moves.keys.sorted() where state.held(alias, since: window.description).contains(version) {
      throw RegistryError(
        .held, "\(name)@\(version)",
        reason: "the alias \(alias) named it within the last \(Registry.rollbackDays) days, so a rollback may need it",
        hint: "opz delete --force deletes it anyway")
    }
  }

  /// Writes the remaining record to `version.json`, where a merge may have left the deleted one or a mix of both.
  private func restoreRecord(_ name: ModelName, _ entry: ModelState.Entry) throws {
    let bytes = try recordBytes(of: entry)
    try Durable.replace(ownDirectory(name, entry.version).appending("version.json"), with: bytes, mode: 0o444)
    try exportLayout(of: try load(name, entry))
  }

  private func removeExports(of name: ModelName, _ version: SemanticVersion) throws {
    let place = try ownDirectory(name, version)
    for file in ["index.json", "oci-layout", "blobs"] { try Durable.remove(place.appending(file)) }
    try Durable.syncDirectory(place)
    try exportIndex(removing: "\(name)@\(version)")
  }
}
