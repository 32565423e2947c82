import OpzIO

/// A list of manifests (OCI image-spec, image-index.md), with the bytes that it was read from.
public struct Index: Sendable {
  public let raw: [UInt8]
  public let descriptor: Descriptor
  public let content: Content

  public struct Content: Sendable, Codable, Hashable {
    public var schemaVersion: Int
    public var mediaType: MediaType?
    public var artifactType: MediaType?
    public var manifests: [Descriptor]
    public var subject: Descriptor?
    public var annotations: [String: String]?

    public init(manifests: [Descriptor], artifactType: MediaType? = nil, annotations: [String: String]? = nil) {
      schemaVersion = 2
      mediaType = .imageIndex
      self.artifactType = artifactType
      self.manifests = manifests
      self.annotations = annotations
    }
  }

  public init(_ content: Content) throws {
    self.content = content
    raw = try CanonicalJSON.encode(content)
    descriptor = Descriptor.of(raw, content.mediaType ?? .imageIndex)
  }

  /// Reads an index.
  /// - Throws: `OCIError` when it is over 4 MiB, not JSON, or both a manifest and an index (CVE-2021-41190).
  public init(raw: [UInt8], mediaType: MediaType = .imageIndex, subject name: String) throws {
    try Document.check(raw, mediaType, name, isIndex: true)
    content = try CanonicalJSON.decode(Content.self, from: raw, subject: name)
    self.raw = raw
    descriptor = Descriptor.of(raw, mediaType)
  }

  /// The manifest for a platform; the only one when there is just one. A variant counts where it is asked for.
  public func manifest(for platform: Platform) -> Descriptor? {
    let images = content.manifests.filter { $0.mediaType.isManifest && $0.platform?.os != "unknown" }
    return images.first { image in
      image.platform?.os == platform.os && image.platform?.architecture == platform.architecture
        && (platform.variant == nil || image.platform?.variant == platform.variant)
    }
      ?? (images.count == 1 && images[0].platform == nil ? images[0] : nil)
  }
}
