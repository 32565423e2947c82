public import OpzIO
public import OpzOCI

/// What is known of a model's versions while its lock is held. Records are read only when they are asked for.
public struct KnownVersions: Sendable {
  let registry: Registry
  let name: ModelName
  /// What the events amount to.
  public let state: ModelState

  /// The newest release, or the newest pre-release where there is none.
  public func newest() throws -> Registry.Version? { try state.newest.map { try registry.load(name, $0) } }

  /// A version that has a number.
  public func find(_ version: SemanticVersion) throws -> Registry.Version? {
    try state.only(version, of: name).map { try registry.load(name, $0) }
  }

  /// The newest version with this content.
  public func find(content: Digest) throws -> Registry.Version? {
    for entry in state.live.reversed() {
      if let known = entry.content, known != content { continue }
      let version = try registry.load(name, entry)
      if version.record.content == content { return version }
    }
    return nil
  }
}
