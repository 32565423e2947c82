/// A media type as descriptors carry it.
public struct MediaType: Hashable, Sendable, RawRepresentable, Codable, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  public init(_ text: String) { rawValue = text }

  public var description: String { rawValue }

  public static let imageManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
  public static let imageIndex = MediaType("application/vnd.oci.image.index.v1+json")
  public static let imageConfig = MediaType("application/vnd.oci.image.config.v1+json")
  public static let layerTar = MediaType("application/vnd.oci.image.layer.v1.tar")
  public static let layerTarGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
  public static let layerTarZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
  /// The empty JSON object, for artifacts without a config.
  public static let empty = MediaType("application/vnd.oci.empty.v1+json")
  public static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerManifestList = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
  public static let dockerConfig = MediaType("application/vnd.docker.container.image.v1+json")
  public static let dockerLayerTarGzip = MediaType("application/vnd.docker.image.rootfs.diff.tar.gzip")

  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  /// One image's manifest, OCI's or Docker's.
  public var isManifest: Bool { self == .imageManifest || self == .dockerManifest }
  /// The configuration of an image, OCI's or Docker's.
  public var isImageConfig: Bool { self == .imageConfig || self == .dockerConfig }
  /// A list of manifests, OCI's or Docker's.
  public var isIndex: Bool { self == .imageIndex || self == .dockerManifestList }
  /// What a registry keeps under `manifests`, not under `blobs`.
  public var isDocument: Bool { isManifest || isIndex }
}
