public import OpzIO

/// A typed pointer to content: its media type, digest and size (OCI image-spec, descriptor.md).
public struct Descriptor: Hashable, Sendable, Codable {
  public var mediaType: MediaType
  public var digest: Digest
  /// Bytes.
  public var size: UInt64
  public var artifactType: MediaType?
  public var annotations: [String: String]?
  public var platform: Platform?
  /// Places outside of the registry that have the content. opz never follows them.
  public var urls: [String]?

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

  /// The descriptor of these very bytes.
  public static func of(_ bytes: [UInt8], _ mediaType: MediaType) -> Descriptor {
    Descriptor(mediaType: mediaType, digest: .of(bytes), size: UInt64(bytes.count))
  }

  /// The empty JSON object `{}`, the config of an artifact that has none.
  public static let emptyConfig = Descriptor.of(Array("{}".utf8), .empty)

  /// Bytes of annotations that are held where many descriptors are.
  public static let lightLimit = 1024

  /// The pointer with such annotations as are short: a document may have 4 MiB of them, and a list a thousand documents.
  public var light: Descriptor {
    var light = bare
    let size = (annotations ?? [:]).reduce(0) { $0 &+ $1.key.utf8.count &+ $1.value.utf8.count }
    if size <= Descriptor.lightLimit { light.annotations = annotations }
    return light
  }

  /// The pointer alone, without annotations, platform or urls.
  public var bare: Descriptor {
    Descriptor(mediaType: mediaType, digest: digest, size: size, artifactType: artifactType)
  }
}
