/// A media type of a descriptor. Any text is allowed.
public struct MediaType: Hashable, Sendable, RawRepresentable, Codable, CustomStringConvertible {
  public let rawValue: String

  /// Takes any text.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Takes any text.
  public init(_ text: String) { rawValue = text }

  public var description: String { rawValue }

  public static let imageManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
  public static let imageIndex = MediaType("application/vnd.oci.image.index.v1+json")
  public static let imageConfig = MediaType("application/vnd.oci.image.config.v1+json")
  public static let layerTar = MediaType("application/vnd.oci.image.layer.v1.tar")
  public static let layerTarGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
  public static let layerTarZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
  /// The type of the empty JSON object, for artifacts without a config.
  public static let empty = MediaType("application/vnd.oci.empty.v1+json")
  public static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerManifestList = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
  public static let dockerConfig = MediaType("application/vnd.docker.container.image.v1+json")
  public static let dockerLayerTarGzip = MediaType("application/vnd.docker.image.rootfs.diff.tar.gzip")

  /// Decodes a media type from a string.
  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }

  /// Encodes the media type as a string.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  /// Whether it is a single image's manifest, OCI's or Docker's.
  public var isManifest: Bool { self == .imageManifest || self == .dockerManifest }
  /// Whether it is the configuration of an image, OCI's or Docker's.
  public var isImageConfig: Bool { self == .imageConfig || self == .dockerConfig }
  /// Whether it is a list of manifests, OCI's or Docker's.
  public var isIndex: Bool { self == .imageIndex || self == .dockerManifestList }
  /// Whether registries serve it under `manifests` rather than `blobs`.
  public var isDocument: Bool { isManifest || isIndex }
}
