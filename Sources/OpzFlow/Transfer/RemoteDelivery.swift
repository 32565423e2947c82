import OpzDistribution
import OpzIO
import OpzOCI
import OpzStore

/// Delivers an image and its referrers to a repository: blobs first, then documents, referrers and finally tags.
/// Afterwards it verifies that everything is there.
///
/// A push of a small version takes nine round trips:
/// 1. connections
/// 2. what the tags name, which blobs and documents exist, which referrers are listed
/// 3. POST of each blob, and more for a blob in chunks
/// 4. PUT of each blob
/// 5. all manifests; meanwhile the list of referrers under the fallback tag is read
/// 6. that list is replaced; other artifacts' tags are checked again
/// 7. the list is read back, other artifacts' tags move, the image's own are checked again
/// 8. the image's tags move
/// 9. the tags, the list and everything else are verified
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

  // Far from a registry a delivery consists of waiting for answers. So each step sends at once whatever does not depend
  // on an answer of the same step.
  private func run(_ source: some ReferrerReader) async throws -> Report {
    let (shipment, found) = try await ask(source)
    remote.holdReferrers()
    let result = try await copy(found.missing, root: root, from: source, to: remote, progress: progress)
    let isNew = result.copied > 0
    let moved = try await moveTags(
      shipment, isNew ? try await prepare(shipment, source) : found.tags, source: source, isNew: isNew)
    remote.clearReferrerCache()
    // If nothing was sent, existing content was confirmed already.
    try await RemoteVerification(repository: remote)
      .check(tags: tags, of: root.digest, content: isNew || moved.isAny ? shipment.all : [])
    return Report(
      copied: result.copied, existed: result.existed, content: shipment.all, referrers: shipment.referrers,
      previous: moved.previous)
  }

  /// What has to be done about tags.
  private struct TagState: Sendable {
    /// What the image's own tags name.
    var previous: [String: Digest] = [:]
    /// The tags of other artifacts that name something else.
    var stale: [TransferPlan.Tagged]
    var cosign: [CosignTagUpdate.Change]
    /// Lists of referrers that were written and not read back yet.
    var lists: [ReferrerEntry] = []
  }

  /// Asks the repository for everything at once, before anything is sent, so that a conflict does not cost a transfer.
  private func ask(
    _ source: some ReferrerReader
  ) async throws -> (TransferPlan, (tags: TagState, missing: MissingContent)) {
    async let own = checkTags()
    let shipment = try await TransferPlan.of(root, tags: tags, referrers: referrers, in: source, progress: progress)
    remote.cacheSubjects(shipment.subjects)
    async let stale = staleCompanions(of: shipment)
    async let cosign = CosignTagUpdate(repository: remote).changes(shipment.shared, from: source)
    async let missing = MissingContent.of(shipment.content, in: remote, progress: progress)
    let tags = TagState(previous: try await own, stale: try await stale, cosign: try await cosign)
    return (shipment, (tags, try await missing))
  }

  /// Lists the referrers that were sent, and asks for other artifacts' tags again: time passed in which somebody could
  /// have moved them.
  private func prepare(_ shipment: TransferPlan, _ source: some ReferrerReader) async throws -> TagState {
    async let lists = remote.listReferrers()
    async let stale = staleCompanions(of: shipment)
    async let cosign = CosignTagUpdate(repository: remote).changes(shipment.shared, from: source)
    return TagState(stale: try await stale, cosign: try await cosign, lists: try await lists)
  }

  /// Writes the tags that do not name the right manifest yet; the image's own tags come last, right after they were
  /// checked again.
  /// - Returns: whether any tag was written, and what the image's own tags named before.
  private func moveTags(
    _ shipment: TransferPlan, _ state: TagState, source: some ReferrerReader, isNew: Bool
  ) async throws -> (isAny: Bool, previous: [String: Digest]) {
    let update = CosignTagUpdate(repository: remote)
    async let checked = isNew ? checkTags() : state.previous
    async let written = update.write(state.cosign, from: source)
    async let companions: Void = move(state.stale)
    async let confirmed: Void = remote.confirmReferrers(state.lists)
    let (previous, cosign, _, _) = try await (checked, written, companions, confirmed)
    let own = tags.filter { previous[$0] != root.digest }
    async let kept: Void = update.confirm(cosign, from: source)
    _ = try await concurrently(own) { tag in try await remote.tag(root, as: tag) }
    try await kept
    return (!state.cosign.isEmpty || !state.stale.isEmpty || !own.isEmpty, previous)
  }

  private func move(_ all: [TransferPlan.Tagged]) async throws {
    _ = try await concurrently(all) { try await remote.tag($0.descriptor, as: $0.tag) }
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
}
