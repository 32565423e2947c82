import OpzIO
import OpzJSON

/// The manifest of one image or artifact (OCI image-spec, manifest.md), with the exact bytes it was read from.
///
/// Registries hash raw bytes: a pulled manifest is stored and pushed as `raw`, never encoded again.
public struct Manifest: Sendable {
  public let raw: [UInt8]
  public let descriptor: Descriptor
  public let content: Content

  /// The members of a manifest.
  public struct Content: Sendable, Codable, Hashable {
    public var schemaVersion: Int
    public var mediaType: MediaType?
    public var artifactType: MediaType?
    public var config: Descriptor
    public var layers: [Descriptor]
    public var subject: Descriptor?
    public var annotations: [String: String]?

    /// An OCI manifest with schema version 2.
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

  /// Encodes a manifest canonically.
  /// - Throws: `EncodingError` when a value cannot be encoded.
  public init(_ content: Content) throws {
    self.content = content
    raw = try CanonicalJSON.encode(content)
    var descriptor = Descriptor.of(raw, content.mediaType ?? .imageManifest)
    descriptor.artifactType = content.artifactType
    self.descriptor = descriptor
  }

  /// Reads a manifest.
  /// - Parameter name: the document's name in errors.
  /// - Throws: `OCIError` when it exceeds 4 MiB, is not JSON, has a schema version other than 2, is both a manifest
  ///   and an index (CVE-2021-41190), or reads differently in readers that ignore case or take the last of duplicate
  ///   keys.
  public init(raw: [UInt8], mediaType: MediaType, subject name: String) throws {
    let content = try Document.read(Content.self, from: raw, as: mediaType, subject: name, isIndex: false)
    guard content.schemaVersion == 2 else {
      throw OCIError(.badDocument, name, reason: "schema version \(content.schemaVersion) is not 2")
    }
    self.raw = raw
    self.content = content
    descriptor = Descriptor.of(raw, mediaType)
  }

  /// The content that the manifest refers to: the config, then the layers. The subject is not included.
  public var references: [Descriptor] { [content.config] + content.layers }
}
