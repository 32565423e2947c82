import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
import OpzStore

/// `opz rollback`: moves an alias back to what it named before, after verifying that version's content and the gates
/// about it.
public struct RollBackAlias: Sendable {
  private let name: ModelName
  private let alias: AliasName
  private let session: Session
  /// The reason to roll back even if gates fail.
  public var force: Override?

  /// Prepares a rollback of an alias to the version that it named before. Nothing is read before `run(_:)`.
  public init(_ name: ModelName, _ alias: AliasName, in session: Session) {
    self.name = name
    self.alias = alias
    self.session = session
  }

  /// - Throws: `FlowError` of category `verification` if a blob is missing or corrupt, `refused` if a gate fails. The
  ///   alias does not move then.
  public func run(_ registry: Registry) async throws -> MoveAlias.Result {
    let (move, version) = try await blocking { [self] in try registry.previous(alias, of: name) }
    let content = VersionContent(registry: registry, record: version.record, session: session)
    let proved = try await prove(version, content, registry: registry)
    var back = MoveAlias(version, to: alias, .rollBack(move), in: session)
    back.force = force
    back.details = ["verified": .integer(Int64(proved))]
    return try await back.run(registry)
  }

  /// Verifies every blob of the image: local ones are hashed, remote ones are looked up.
  /// - Returns: the number of blobs.
  private func prove(_ version: Registry.Version, _ content: VersionContent, registry: Registry) async throws -> Int {
    let graph = try await ContentGraph.of(version.record.image, in: content)
    let blobs = graph.blobs + graph.documents
    for descriptor in blobs {
      if try registry.store.has(descriptor) {
        let found = try await blocking {
          var hasher = DigestHasher(descriptor.digest.algorithm)
          try registry.store.file(descriptor).forEachChunk { hasher.update($0) }
          return hasher.finish()
        }
        if found == descriptor.digest { continue }
      } else if try await content.isElsewhere(descriptor) {
        continue
      }
      throw FlowError(
        .verification, version.record.reference,
        reason: "its \(descriptor.mediaType) \(descriptor.digest) is missing or corrupt",
        hint: "opz fsck --repair --from HOST/REPO fetches it; then roll back again")
    }
    return blobs.count
  }
}
