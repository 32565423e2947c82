public import OpzArchive
public import OpzIO
import OpzOCI

/// Scans the files of an image's layers, those too that a later layer hides: they are in the image all the same.
public struct ImageScanner: Sendable {
  private var scanner: FileScanner

  /// - Parameter allowed: names in Python that the user answers for, as `PickleAllowlist` has them.
  public init(allowed: [String] = []) throws {
    for pattern in allowed { try PickleAllowlist.check(pattern) }
    scanner = FileScanner(ScanReport(allowed: allowed))
  }

  public var report: ScanReport { scanner.report }

  /// Reads a layer, after its bytes were compared with the digest that it is named by. It blocks.
  /// - Parameters:
  ///   - digest: of the layer as it is stored.
  ///   - secrets: whether keys and tokens in it count.
  ///   - origin: of a file, by its path in the layer. `wheel` only where the file is provably the one that the lock pins.
  /// - Throws: `TrustError.notVerified` for other bytes; `ArchiveError` for a layer that is no tar.
  public mutating func scan(
    _ layer: PackedLayer, digest: Digest, secrets: Bool, origin: (String) -> ScanOrigin = { _ in .project }
  ) throws {
    var hasher = DigestHasher(digest.algorithm)
    try layer.blob.forEachChunk { hasher.update($0) }
    guard hasher.finish() == digest else {
      throw TrustError(
        .notVerified, layer.name, "its bytes do not have the digest that it is named by",
        hint: "opz fsck names all such blobs")
    }
    scanner.begin(layer: digest)
    let reader = try TarReader(layer)
    while let header = try reader.next() {
      guard header.kind == .file, header.size > 0 else { continue }
      let path = String(decoding: header.path.string.utf8, as: UTF8.self)
      try scan(path, reader, header, layer, secrets: secrets, origin: origin(path))
    }
  }

  private mutating func scan(
    _ path: String, _ reader: TarReader, _ header: TarHeader, _ layer: PackedLayer, secrets: Bool, origin: ScanOrigin
  ) throws {
    if layer.compression == .none {
      guard let content = PartOfBlob(layer.blob, from: reader.offset, size: header.size) else {
        throw ArchiveError(.malformed, layer.name, "the tar is cut short")
      }
      return scanner.scan(path, content, secrets: secrets, origin: origin)
    }
    let outcome = try SpooledBlob.reading(reader, limit: .max)
    if case .failed(let error)? = outcome.problem { throw error }
    scanner.scan(path, outcome.blob, secrets: secrets, origin: origin)
  }
}
