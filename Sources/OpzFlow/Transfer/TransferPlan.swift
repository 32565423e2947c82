import OpzIO
import OpzOCI
import OpzStore

/// Everything that a copy of an image includes: its content, its referrers, and the tags that belong to them. It is
/// collected before anything is sent, so that the destination can be asked about all of it at once.
struct TransferPlan: Sendable {
  struct Tagged: Sendable, Hashable {
    let tag: String
    let descriptor: Descriptor
    /// The kind of a cosign tag, which other clients write too; nil for opz's own tags.
    var kind: CosignTags.Kind?
  }

  let root: Descriptor
  /// Blobs, and documents after those that they reference, without duplicates; the image's own come first.
  private(set) var content = ContentGraph()
  private(set) var referrers: [ReferrerGraph.Referrer] = []
  /// Tags of other manifests that are copied with the image.
  private(set) var companions: [Tagged] = []
  private var seen: Set<Digest> = []

  /// - Parameters:
  ///   - tags: the image's tags; its ModelPack artifact is tagged `TAG.modelpack`.
  ///   - referrers: whether to include referrers.
  static func of(
    _ root: Descriptor, tags: [String], referrers: Bool, in source: some ReferrerReader, progress: any ProgressSink
  ) async throws -> TransferPlan {
    var shipment = TransferPlan(root: root)
    let image = try await shipment.add(root, from: source)
    guard referrers else { return shipment }
    let documents = image.documents.map(\.digest)
    shipment.referrers = try await ReferrerGraph.of(documents, in: source, progress: progress).referrers
    for referrer in shipment.referrers { shipment.add(try await referrer.content(in: source)) }
    for other in try await LinkedArtifacts.of(root.digest, shipment.referrers, in: source, progress: progress) {
      try await shipment.add(other.descriptor, from: source)
      shipment.companions += tags.map {
        Tagged(tag: TagMapping.companionTag(of: $0, name: other.name), descriptor: other.descriptor)
      }
    }
    for tagged in try await CosignTags.of(documents, in: source) {
      try await shipment.add(tagged.descriptor, from: source)
      shipment.companions.append(Tagged(tag: tagged.tag, descriptor: tagged.descriptor, kind: tagged.kind))
    }
    return shipment
  }

  /// Tags that are appended to, never overwritten.
  var shared: [Tagged] { companions.filter { $0.kind != nil } }

  /// Every blob and document, without duplicates.
  var all: [Descriptor] { content.blobs + content.documents }

  /// The subject of each referrer; nil for the other artifacts, which are about nothing.
  var subjects: [Digest: Digest?] {
    let artifacts = companions.filter { $0.kind == nil }.map { ($0.descriptor.digest, Digest?.none) }
    let subjects = referrers.map { ($0.descriptor.digest, Digest?.some($0.subject)) }
    return Dictionary(subjects + artifacts, uniquingKeysWith: { one, _ in one })
  }

  @discardableResult
  private mutating func add(_ descriptor: Descriptor, from source: some ReferrerReader) async throws -> ContentGraph {
    let graph = try await ContentGraph.of(descriptor, in: source)
    add(graph)
    return graph
  }

  private mutating func add(_ graph: ContentGraph) {
    for blob in graph.blobs where seen.insert(blob.digest).inserted { content.blobs.append(blob) }
    for document in graph.documents where seen.insert(document.digest).inserted { content.documents.append(document) }
  }

  private init(root: Descriptor) { self.root = root }
}
