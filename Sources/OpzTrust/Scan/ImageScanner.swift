public import OpzArchive
public import OpzIO
import OpzOCI

/// Scans the files in an image's layers, including those hidden by later layers: they are still in the image.
public struct ImageScanner: Sendable {
  private var scanner: FileScanner

  /// Creates a scanner with an empty report.
  /// - Parameter allowed: Python names that the user allows in addition; see `PickleAllowlist`.
  /// - Throws: `TrustError.usage` for a name that cannot be allowed.
  public init(allowed: [String] = []) throws {
    for pattern in allowed { try PickleAllowlist.check(pattern) }
    scanner = FileScanner(ScanReport(allowed: allowed))
  }

  public var report: ScanReport { scanner.report }

  /// Verifies a layer's digest and scans its files. Blocks the calling thread.
  /// - Parameters:
  ///   - digest: the layer's digest, as stored.
  ///   - secrets: whether to look for keys and tokens.
  ///   - origin: where a file comes from, by its path in the layer: `.wheel` only if it is verifiably the file that the
  ///     lock pins.
  /// - Throws: `TrustError.notVerified` if the digest does not match; `ArchiveError` for a layer that is not a tar.
  public mutating func scan(
    _ layer: StoredLayer, digest: Digest, secrets: Bool, origin: (String) -> ScanOrigin = { _ in .project }
  ) throws {
    var hasher = DigestHasher(digest.algorithm)
    try layer.blob.forEachChunk { hasher.update($0) }
    guard hasher.finish() == digest else {
      throw TrustError(
        .notVerified, layer.name, reason: "its content does not match its digest",
        hint: "opz fsck lists all corrupt blobs")
    }
    scanner.begin(layer: digest)
    let reader = try TarReader(layer)
    while let header = try reader.next() {
      guard header.kind == .file, header.size > 0 else { continue }
      let path = String(decoding: header.path.string.utf8, as: UTF8.self)
      try scan(path, reader, header: header, layer: layer, secrets: secrets, origin: origin(path))
    }
  }

  /// Scans a file that is not in an image. Blocks the calling thread.
  /// - Parameter path: how the report names it.
  public mutating func scan(file path: String, _ content: any Blob) {
    scanner.scan(path, content, secrets: true, origin: .project)
  }

  private mutating func scan(
    _ path: String, _ reader: TarReader, header: TarHeader, layer: StoredLayer, secrets: Bool, origin: ScanOrigin
  ) throws {
    if layer.compression == .none {
      guard let content = BlobSlice(layer.blob, from: reader.offset, size: header.size) else {
        throw ArchiveError(.malformed, layer.name, reason: "the tar is cut short")
      }
      return scanner.scan(path, content, secrets: secrets, origin: origin)
    }
    let outcome = try SpooledBlob.spool(reader, limit: .max)
    if case .failed(let error)? = outcome.problem { throw error }
    scanner.scan(path, outcome.blob, secrets: secrets, origin: origin)
  }
}
