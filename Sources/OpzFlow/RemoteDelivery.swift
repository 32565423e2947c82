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
    try await checkTags()
    var report = Report()
    let image = try await add(root, from: source, to: &report)
    if referrers { try await addReferrers(of: image, from: source, to: &report) }
    report.previous = try await checkTags()
    for tag in tags where report.previous[tag] != root.digest { try await remote.tag(root, as: tag) }
    try await RemoteProof(repository: remote).check(tags: tags, of: root.digest, content: report.content)
    return report
  }

  @discardableResult
  private func checkTags() async throws -> [String: Digest] {
    let found = try await concurrently(tags) { tag in (tag, try await tagGuard.check(tag, wanted: root.digest)) }
    return Dictionary(found.compactMap { tag, digest in digest.map { (tag, $0) } }, uniquingKeysWith: { one, _ in one })
  }

  private func addReferrers(of image: ContentGraph, from source: some ReferrerReader, to report: inout Report)
    async throws
  {
    let documents = image.documents.map(\.digest)
    let found = try await ReferrerGraph.of(documents, in: source, progress: progress)
    for referrer in found.referrers { try await add(referrer.descriptor, from: source, to: &report) }
    report.referrers = found.referrers
    for other in try await Companions.of(root.digest, found.referrers, in: source, progress: progress) {
      try await add(other.descriptor, from: source, to: &report)
      for tag in tags { try await remote.tag(other.descriptor, as: "\(tag).\(other.name)") }
    }
    for tagged in try await CosignTags.of(documents, in: source) {
      try await add(tagged.descriptor, from: source, to: &report)
      try await remote.tag(tagged.descriptor, as: tagged.tag)
    }
  }

  @discardableResult
  private func add(
    _ descriptor: Descriptor, from source: some ReferrerReader, to report: inout Report
  ) async throws -> ContentGraph {
    let graph = try await ContentGraph.of(descriptor, in: source)
    // What this delivery has brought already is not asked for again.
    let known = Set(report.content.map(\.digest))
    var new = ContentGraph()
    new.blobs = graph.blobs.filter { !known.contains($0.digest) }
    new.documents = graph.documents.filter { !known.contains($0.digest) }
    let result = try await copy(new, root: descriptor, from: source, to: remote, progress: progress)
    report.copied += result.copied
    report.existed += result.existed
    report.content += new.blobs + new.documents
    return graph
  }
}
