import OpzIO
import OpzJSON

/// A list of manifests (OCI image-spec, image-index.md), with the exact bytes it was read from.
public struct Index: Sendable {
  public let raw: [UInt8]
  public let descriptor: Descriptor
  public let content: Content

  /// The members of an index.
  public struct Content: Sendable, Codable, Hashable {
    public var schemaVersion: Int
    public var mediaType: MediaType?
    public var artifactType: MediaType?
    public var manifests: [Descriptor]
    public var subject: Descriptor?
    public var annotations: [String: String]?

    /// An OCI index with schema version 2.
    public init(manifests: [Descriptor], artifactType: MediaType? = nil, annotations: [String: String]? = nil) {
      schemaVersion = 2
      mediaType = .imageIndex
      self.artifactType = artifactType
      self.manifests = manifests
      self.annotations = annotations
    }
  }

  /// Encodes an index canonically.
  /// - Throws: `EncodingError` when a value cannot be encoded.
  public init(_ content: Content) throws {
    self.content = content
    raw = try CanonicalJSON.encode(content)
    descriptor = Descriptor.of(raw, content.mediaType ?? .imageIndex)
  }

  /// Reads an index.
  /// - Parameter name: the document's name in errors.
  /// - Throws: `OCIError` when it exceeds 4 MiB, is not JSON, is both a manifest and an index (CVE-2021-41190), or
  ///   reads differently in readers that ignore case or take the last of duplicate keys.
  public init(raw: [UInt8], mediaType: MediaType = .imageIndex, subject name: String) throws {
    content = try Document.read(Content.self, from: raw, as: mediaType, subject: name, isIndex: true)
    self.raw = raw
    descriptor = Descriptor.of(raw, mediaType)
  }

  /// The manifests of images that run on a platform, best first, otherwise in the index's order; then those that
  /// declare no platform, whose configurations must be read. Attestations (`unknown/unknown`) are excluded.
  public func manifests(for platform: Platform) -> [Descriptor] {
    let images = images
    let ranked = images.enumerated().compactMap { place, image in
      image.platform.flatMap { platform.rank(of: $0) }.map { (rank: $0, place: place, image: image) }
    }
    return ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.image)
      + images.filter { $0.platform == nil }
  }

  /// The manifests of images, without attestations and nested indexes.
  public var images: [Descriptor] { content.manifests.filter { $0.mediaType.isManifest && !isAttestation($0) } }

  /// The platforms of the images, for messages: at most 20.
  public var platforms: String {
    let all = images.compactMap { $0.platform?.description }
    return all.isEmpty ? "no images" : all.prefix(20).joined(separator: ", ") + (all.count > 20 ? ", .." : "")
  }

  private func isAttestation(_ manifest: Descriptor) -> Bool {
    manifest.platform?.isUnknown ?? false
      || manifest.annotations?["vnd.docker.reference.type"] == "attestation-manifest"
  }
}
