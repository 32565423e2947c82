import OpzIO
import OpzOCI
import OpzStore

/// Brings an image with what refers to it into an OCI layout, the names in `index.json` last of all.
struct LayoutDelivery: Sendable {
  let root: Descriptor
  let tags: [String]
  let referrers: Bool
  let layout: LayoutStore
  let progress: any ProgressSink

  /// - Returns: the referrers that came along.
  func run(from source: some ReferrerReader) async throws -> [Descriptor] {
    let graph = try await ContentGraph.of(root, in: source)
    _ = try await copy(graph, root: root, from: source, to: layout, progress: progress)
    let found = referrers ? try await addReferrers(of: graph.documents.map(\.digest), from: source) : []
    if tags.isEmpty { try await layout.list(root) }
    for tag in tags { try await layout.tag(root, as: tag) }
    return found
  }

  private func addReferrers(of documents: [Digest], from source: some ReferrerReader) async throws -> [Descriptor] {
    let found = try await ReferrerGraph.of(documents, in: source, progress: progress).referrers
    for referrer in found {
      try await add(referrer.descriptor, from: source)
      try await layout.list(referrer.descriptor)
    }
    for other in try await Companions.of(root.digest, found, in: source, progress: progress) {
      try await add(other.descriptor, from: source)
      for tag in tags { try await layout.tag(other.descriptor.bare, as: "\(tag).\(other.name)") }
    }
    for tagged in try await CosignTags.of(documents, in: source) {
      try await add(tagged.descriptor, from: source)
      try await layout.tag(tagged.descriptor, as: tagged.tag)
    }
    return found.map(\.descriptor)
  }

  private func add(_ descriptor: Descriptor, from source: some ReferrerReader) async throws {
    _ = try await copy(descriptor, from: source, to: layout, progress: progress)
  }
}
