import OpzDistribution
public import OpzIO
public import OpzOCI
import OpzStore

/// What a container registry has under a name: the image, its platforms, and everything that refers to it.
public struct RemoteListing: Codable, Sendable, Hashable {
  /// The image of one platform.
  public struct Image: Codable, Sendable, Hashable {
    /// `linux/amd64`; nil if unknown.
    public let platform: String?
    public let digest: Digest
    /// Bytes of config and layers as stored.
    public let size: UInt64
    public let layers: Int
  }

  /// A manifest that refers to the image, directly or through another referrer.
  public struct Referrer: Codable, Sendable, Hashable {
    public let digest: Digest
    public let artifactType: MediaType?
    public let mediaType: MediaType
    /// Bytes of the manifest and everything that it lists.
    public let size: UInt64
    /// The digest that it refers to: the image, one of its platforms' images, or another referrer.
    public let subject: Digest
    public let annotations: [String: String]
  }

  public let reference: String
  public let digest: Digest
  public let mediaType: MediaType
  public let artifactType: MediaType?
  /// Bytes of all blobs, without duplicates.
  public let size: UInt64
  public let images: [Image]
  public let annotations: [String: String]
  public let referrers: [Referrer]
  /// The existing cosign tags of the image, with the digests that they name.
  public let tags: [String: Digest]

  /// Reads the listing. Only documents are fetched, no layers.
  public static func read(_ reference: Reference, in session: Session) async throws -> RemoteListing {
    let remote = try session.pullSource(reference)
    let root = try await remote.resolve(reference.tagOrDigest)
    let graph = try await ContentGraph.of(root, in: remote)
    let documents = graph.documents.map(\.digest)
    let left = SkippedContent(session.progress)
    let found = try await ReferrerGraph.of(documents, in: remote, progress: session.progress, left: left)
    await left.close()
    let tags = try await CosignTags.of(documents, in: remote)
    let silent = found.referrers.filter {
      $0.descriptor.annotations == nil && $0.descriptor.size > UInt64(Descriptor.lightLimit)
    }
    if !silent.isEmpty {
      session.progress.report(.note("annotations of more than \(Descriptor.lightLimit) bytes are not shown"))
    }
    let annotations: [String: String]?
    if root.mediaType.isIndex {
      annotations = try await remote.index(root).content.annotations
    } else {
      annotations = try await remote.manifest(root).content.annotations
    }
    return RemoteListing(
      reference: reference.description, digest: root.digest, mediaType: root.mediaType,
      artifactType: root.mediaType.isManifest ? try await remote.manifest(root).content.artifactType : nil,
      size: graph.blobs.reduce(0) { $0 &+ $1.size }, images: try await images(root, remote),
      annotations: annotations ?? [:],
      referrers: try await concurrently(found.referrers) { try await referrer($0, remote) },
      tags: Dictionary(tags.map { ($0.tag, $0.descriptor.digest) }, uniquingKeysWith: { one, _ in one }))
  }

  private static func images(_ root: Descriptor, _ remote: RemoteRepository) async throws -> [Image] {
    guard root.mediaType.isIndex else {
      let manifest = try await remote.manifest(root)
      let isImage = [.imageConfig, .dockerConfig].contains(manifest.content.config.mediaType)
      let platform = isImage ? try await remote.image(root).config.platform : nil
      return [image(manifest, platform)]
    }
    let children = try await remote.index(root).content.manifests
    return try await concurrently(children) { child in
      // A nested index is listed, but not read.
      guard child.mediaType.isManifest else {
        return Image(platform: child.platform?.description, digest: child.digest, size: child.size, layers: 0)
      }
      return image(try await remote.manifest(child), child.platform)
    }
  }

  private static func image(_ manifest: Manifest, _ platform: Platform?) -> Image {
    Image(
      platform: platform?.description, digest: manifest.descriptor.digest,
      size: manifest.references.reduce(0) { $0 &+ $1.size }, layers: manifest.content.layers.count)
  }

  private static func referrer(_ found: ReferrerGraph.Referrer, _ remote: RemoteRepository) async throws -> Referrer {
    let graph = try await found.content(in: remote)
    return Referrer(
      digest: found.descriptor.digest, artifactType: found.descriptor.artifactType,
      mediaType: found.descriptor.mediaType,
      size: (graph.blobs + graph.documents).reduce(0) { $0 &+ $1.size }, subject: found.subject,
      annotations: found.descriptor.annotations ?? [:])
  }
}
