public import OpzIO

/// A typed pointer to content: media type, digest and size (OCI image-spec, descriptor.md).
public struct Descriptor: Hashable, Sendable, Codable {
  public var mediaType: MediaType
  public var digest: Digest
  /// The content's size in bytes.
  public var size: UInt64
  public var artifactType: MediaType?
  public var annotations: [String: String]?
  public var platform: Platform?
  /// Locations outside the registry that have the content. opz never follows them.
  public var urls: [String]?

  /// Makes a descriptor from its members; nothing is verified.
  public init(
    mediaType: MediaType, digest: Digest, size: UInt64, artifactType: MediaType? = nil,
    annotations: [String: String]? = nil, platform: Platform? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.artifactType = artifactType
    self.annotations = annotations
    self.platform = platform
  }

  /// Computes the descriptor of `bytes`; hashes all of them.
  public static func of(_ bytes: [UInt8], _ mediaType: MediaType) -> Descriptor {
    Descriptor(mediaType: mediaType, digest: .of(bytes), size: UInt64(bytes.count))
  }

  /// The descriptor of the empty JSON object `{}`, the config of artifacts that have none.
  public static let emptyConfig = Descriptor.of(Array("{}".utf8), .empty)

  /// The largest annotations to keep where many descriptors are held in memory: bytes of all keys and values.
  public static let lightLimit = 1024

  /// The descriptor, with its annotations only if they are within `lightLimit`: a document may have 4 MiB of them,
  /// and a list a thousand documents.
  public var withShortAnnotations: Descriptor {
    var light = withoutAnnotations
    let size = (annotations ?? [:]).reduce(0) { $0 &+ $1.key.utf8.count &+ $1.value.utf8.count }
    if size <= Descriptor.lightLimit { light.annotations = annotations }
    return light
  }

  /// The descriptor without annotations, platform and urls.
  public var withoutAnnotations: Descriptor {
    Descriptor(mediaType: mediaType, digest: digest, size: size, artifactType: artifactType)
  }
}
