public import OpzOCI

/// The compression of a stored layer.
public enum Compression: String, Sendable, CaseIterable {
  case none
  case gzip
  /// zstd. KServe and older runtimes reject such layers.
  case zstd

  /// The media type of a layer with this compression.
  public var layerMediaType: MediaType {
    switch self {
    case .none: .layerTar
    case .gzip: .layerTarGzip
    case .zstd: .layerTarZstd
    }
  }

  /// The compression that a layer's media type announces (OCI's, Docker's, ModelPack's); nil when the layer is not a
  /// tar.
  public init?(layer mediaType: MediaType) {
    let text = mediaType.rawValue
    if text.hasSuffix(".tar+gzip") || text.hasSuffix(".tar.gzip") {
      self = .gzip
    } else if text.hasSuffix(".tar+zstd") || text.hasSuffix(".tar.zstd") {
      self = .zstd
    } else if text.hasSuffix(".tar") {
      self = .none
    } else {
      return nil
    }
  }

  /// Identifies everything besides the input that the compressed bytes depend on (library, version, level, block
  /// size). Part of cache keys and records.
  public var identity: String {
    switch self {
    case .none: "none"
    case .gzip: MemberFormat.gzip.identity
    case .zstd: MemberFormat.zstd.identity
    }
  }
}
