import OpzDistribution
import OpzIO
import OpzOCI
import OpzStore

/// Delivers an image and its referrers to a repository: blobs first, then documents, referrers and finally tags.
/// Afterwards it verifies that everything is there.
struct RemoteDelivery: Sendable {
  struct Report: Sendable {
    var copied = 0
    var existed = 0
    /// All blobs and documents of the image and its referrers, without duplicates.
    var content: [Descriptor] = []
    var referrers: [ReferrerGraph.Referrer] = []
    /// What the tags named before.
    var previous: [String: Digest] = [:]
  }

  let root: Descriptor
  let source: any ReferrerReader
  let tags: [String]
  /// Whether referrers are copied.
  let referrers: Bool
  let tagGuard: TagGuard
  let progress: any ProgressSink

  private var remote: RemoteRepository { tagGuard.repository }

  func run() async throws -> Report { try await run(source) }

  private func run(_ source: some ReferrerReader) async throws -> Report {
    // Check before uploading, so that a conflict does not cost a transfer.
    var previous = try await checkTags()
    let shipment = try await TransferPlan.of(root, tags: tags, referrers: referrers, in: source, progress: progress)
    try await CosignTagUpdate(repository: remote).check(shipment.shared, from: source)
    _ = try await staleCompanions(of: shipment)
    remote.cacheSubjects(shipment.subjects)
    let result = try await copy(shipment.content, root: root, from: source, to: remote, progress: progress)
    // If nothing was sent, no time passed in which a tag could have moved, and existing content was confirmed already.
    let isNew = result.copied > 0
    if isNew { previous = try await checkTags() }
    let isMoved = try await moveTags(shipment, previous, source)
    remote.clearReferrerCache()
    try await RemoteVerification(repository: remote)
      .check(tags: tags, of: root.digest, content: isNew || isMoved ? shipment.all : [])
    return Report(
      copied: result.copied, existed: result.existed, content: shipment.all, referrers: shipment.referrers,
      previous: previous)
  }

  private func checkTags() async throws -> [String: Digest] {
    let found = try await concurrently(tags) { tag in (tag, try await tagGuard.check(tag, wanted: root.digest)) }
    return Dictionary(found.compactMap { tag, digest in digest.map { (tag, $0) } }, uniquingKeysWith: { one, _ in one })
  }

  /// The tags of other artifacts that name something else.
  /// - Throws: `FlowError` of category `conflict` where one names what this registry did not see there.
  private func staleCompanions(of shipment: TransferPlan) async throws -> [TransferPlan.Tagged] {
    try await concurrently(shipment.companions.filter { $0.kind == nil }) { companion in
      let digest = companion.descriptor.digest
      return try await tagGuard.checkCompanion(companion.tag, wanted: digest) == digest ? nil : companion
    }.compactMap { $0 }
  }

  /// Writes the tags that do not name the right manifest yet; the image's own tags come last.
  /// - Returns: whether any tag was written.
  private func moveTags(
    _ shipment: TransferPlan, _ previous: [String: Digest], _ source: some ReferrerReader
  ) async throws -> Bool {
    let isShared = try await CosignTagUpdate(repository: remote).write(shipment.shared, from: source)
    let stale = try await staleCompanions(of: shipment)
    for companion in stale { try await remote.tag(companion.descriptor, as: companion.tag) }
    let own = tags.filter { previous[$0] != root.digest }
    for tag in own { try await remote.tag(root, as: tag) }
    return isShared || !stale.isEmpty || !own.isEmpty
  }
}
