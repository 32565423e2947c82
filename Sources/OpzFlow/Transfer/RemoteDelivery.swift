import OpzDistribution
import OpzIO
import OpzOCI
import OpzStore

/// Brings an image with what refers to it into a repository: blobs, then documents, then referrers, the tags last of all; and then asks for
/// all of it.
struct RemoteDelivery: Sendable {
  struct Report: Sendable {
    var copied = 0
    var existed = 0
    /// All blobs and documents of the image and its referrers, each once.
    var content: [Descriptor] = []
    var referrers: [ReferrerGraph.Referrer] = []
    /// What the tags named before.
    var previous: [String: Digest] = [:]
  }

  let root: Descriptor
  let source: any ReferrerReader
  let tags: [String]
  /// Whether referrers come along.
  let referrers: Bool
  let tagGuard: TagGuard
  let progress: any ProgressSink

  private var remote: RemoteRepository { tagGuard.repository }

  func run() async throws -> Report { try await run(source) }

  private func run(_ source: some ReferrerReader) async throws -> Report {
    // Before a byte is sent: a conflict should not cost an upload.
    var previous = try await checkTags()
    let shipment = try await Shipment.of(root, tags: tags, referrers: referrers, in: source, progress: progress)
    try await SharedTags(repository: remote).check(shipment.shared, from: source)
    remote.know(subjects: shipment.subjects)
    let result = try await copy(shipment.content, root: root, from: source, to: remote, progress: progress)
    // While nothing was sent nobody had the time to move a tag, and nothing that was there has to be asked for twice.
    let isNew = result.copied > 0
    if isNew { previous = try await checkTags() }
    let isMoved = try await moveTags(shipment, previous, source)
    remote.forgetLists()
    try await RemoteProof(repository: remote)
      .check(tags: tags, of: root.digest, content: isNew || isMoved ? shipment.all : [])
    return Report(
      copied: result.copied, existed: result.existed, content: shipment.all, referrers: shipment.referrers,
      previous: previous)
  }

  private func checkTags() async throws -> [String: Digest] {
    let found = try await concurrently(tags) { tag in (tag, try await tagGuard.check(tag, wanted: root.digest)) }
    return Dictionary(found.compactMap { tag, digest in digest.map { (tag, $0) } }, uniquingKeysWith: { one, _ in one })
  }

  /// Sets the tags that name something else; the image's own are the last.
  /// - Returns: whether there was one.
  private func moveTags(
    _ shipment: Shipment, _ previous: [String: Digest], _ source: some ReferrerReader
  ) async throws -> Bool {
    let isShared = try await SharedTags(repository: remote).write(shipment.shared, from: source)
    let stale = try await concurrently(shipment.companions.filter { $0.kind == nil }) { companion in
      try await remote.digest(ofTag: companion.tag) == companion.descriptor.digest ? nil : companion
    }.compactMap { $0 }
    for companion in stale { try await remote.tag(companion.descriptor, as: companion.tag) }
    let own = tags.filter { previous[$0] != root.digest }
    for tag in own { try await remote.tag(root, as: tag) }
    return isShared || !stale.isEmpty || !own.isEmpty
  }
}
