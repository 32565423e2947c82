import OpzIO
import OpzOCI
import OpzStore

/// All that a copy of an image brings: its own content, what refers to it, and the tags that go with them. Gathered before a byte is sent, so that
/// the destination is asked for all of it at once.
struct Shipment: Sendable {
  struct Tagged: Sendable, Hashable {
    let tag: String
    let descriptor: Descriptor
    /// Of a tag of cosign's, which others write too; nil for one of opz's own.
    var kind: CosignTags.Kind?
  }

  let root: Descriptor
  /// Blobs, and documents after what they name; the image's own come first, and each comes once.
  private(set) var content = ContentGraph()
  private(set) var referrers: [ReferrerGraph.Referrer] = []
  /// Tags that other manifests have beside the image's.
  private(set) var companions: [Tagged] = []
  private var seen: Set<Digest> = []

  /// - Parameters:
  ///   - tags: the image's; a ModelPack artifact is under `TAG.modelpack`.
  ///   - referrers: whether what refers to the image comes along.
  static func of(
    _ root: Descriptor, tags: [String], referrers: Bool, in source: some ReferrerReader, progress: any ProgressSink
  ) async throws -> Shipment {
    var shipment = Shipment(root: root)
    let image = try await shipment.add(root, from: source)
    guard referrers else { return shipment }
    let documents = image.documents.map(\.digest)
    shipment.referrers = try await ReferrerGraph.of(documents, in: source, progress: progress).referrers
    for referrer in shipment.referrers { shipment.add(try await referrer.content(in: source)) }
    for other in try await Companions.of(root.digest, shipment.referrers, in: source, progress: progress) {
      try await shipment.add(other.descriptor, from: source)
      shipment.companions += tags.map { Tagged(tag: "\($0).\(other.name)", descriptor: other.descriptor) }
    }
    for tagged in try await CosignTags.of(documents, in: source) {
      try await shipment.add(tagged.descriptor, from: source)
      shipment.companions.append(Tagged(tag: tagged.tag, descriptor: tagged.descriptor, kind: tagged.kind))
    }
    return shipment
  }

  /// Tags that are added to, never written over.
  var shared: [Tagged] { companions.filter { $0.kind != nil } }

  /// Every blob and document, each once.
  var all: [Descriptor] { content.blobs + content.documents }

  /// What the referrers refer to.
  var subjects: [Digest: Digest] {
    Dictionary(referrers.map { ($0.descriptor.digest, $0.subject) }, uniquingKeysWith: { one, _ in one })
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
