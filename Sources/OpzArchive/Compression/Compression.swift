public import OpzOCI

/// How a layer's tar is stored.
public enum Compression: String, Sendable, CaseIterable {
  case none
  case gzip
  /// KServe and older runtimes refuse such layers.
  case zstd

  /// The media type of a layer that is stored so.
  public var layerMediaType: MediaType {
    switch self {
    case .none: .layerTar
    case .gzip: .layerTarGzip
    case .zstd: .layerTarZstd
    }
  }

  /// The compression that a layer's media type announces (OCI's, Docker's, ModelPack's); nil when it is not a tar.
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

  /// Names everything that the compressed bytes depend on besides the input: a part of cache keys and of records.
  public var identity: String {
    switch self {
    case .none: "none"
    case .gzip: MemberFormat.gzip.identity
    case .zstd: MemberFormat.zstd.identity
    }
  }
}
