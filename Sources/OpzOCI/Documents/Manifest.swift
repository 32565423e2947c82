import OpzIO
import OpzJSON

/// One image's or artifact's manifest (OCI image-spec, manifest.md), with the bytes that it was read from.
///
/// A registry hashes raw bytes: a manifest that was pulled is stored and pushed as `raw`, never encoded anew.
public struct Manifest: Sendable {
  public let raw: [UInt8]
  public let descriptor: Descriptor
  public let content: Content

  public struct Content: Sendable, Codable, Hashable {
    public var schemaVersion: Int
    public var mediaType: MediaType?
    public var artifactType: MediaType?
    public var config: Descriptor
    public var layers: [Descriptor]
    public var subject: Descriptor?
    public var annotations: [String: String]?

    public init(
      artifactType: MediaType? = nil, config: Descriptor, layers: [Descriptor], subject: Descriptor? = nil,
      annotations: [String: String]? = nil
    ) {
      schemaVersion = 2
      mediaType = .imageManifest
      self.artifactType = artifactType
      self.config = config
      self.layers = layers
      self.subject = subject
      self.annotations = annotations
    }
  }

  /// The manifest that these values encode to.
  public init(_ content: Content) throws {
    self.content = content
    raw = try CanonicalJSON.encode(content)
    var descriptor = Descriptor.of(raw, content.mediaType ?? .imageManifest)
    descriptor.artifactType = content.artifactType
    self.descriptor = descriptor
  }

  /// Reads a manifest.
  /// - Throws: `OCIError` when it is over 4 MiB, not JSON, both a manifest and an index (CVE-2021-41190),
  ///   or another one for readers that pass over case or take the last of two keys.
  public init(raw: [UInt8], mediaType: MediaType, subject name: String) throws {
    let content = try Document.read(Content.self, raw, mediaType, name, isIndex: false)
    guard content.schemaVersion == 2 else {
      throw OCIError(.badDocument, name, "schema version \(content.schemaVersion) is not 2")
    }
    self.raw = raw
    self.content = content
    descriptor = Descriptor.of(raw, mediaType)
  }

  /// All that the manifest points to: the config, then the layers.
  public var references: [Descriptor] { [content.config] + content.layers }
}
