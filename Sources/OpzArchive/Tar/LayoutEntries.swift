import OpzIO
import OpzOCI
import SystemPackage

/// The members of a tar that is an OCI image layout.
enum LayoutEntries {
  /// - Parameters:
  ///   - documents: index.json and what else names the content.
  ///   - content: the blobs, in any order; the same digest is written once.
  /// - Returns: the small files first, so that a streaming reader knows what follows.
  /// - Throws: `ArchiveError` with code `changed` when a blob's size differs from its descriptor's.
  static func of(
    _ documents: [TarEntry], _ content: [Descriptor], blob: (Descriptor) throws -> any Blob
  ) throws -> [TarEntry] {
    var entries: [TarEntry] = [.file("oci-layout", BytesBlob(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)))]
    entries += documents + [.directory("blobs")]
    for algorithm in Digest.Algorithm.allCases where content.contains(where: { $0.digest.algorithm == algorithm }) {
      entries.append(.directory(FilePath("blobs/\(algorithm.rawValue)")))
    }
    var written: Set<Digest> = []
    for descriptor in content where written.insert(descriptor.digest).inserted {
      let bytes = try blob(descriptor)
      guard bytes.size == descriptor.size else {
        throw ArchiveError(
          .changed, "blob \(descriptor.digest)",
          reason: "it has \(bytes.size) bytes, but its descriptor (\(descriptor.mediaType)) says \(descriptor.size)")
      }
      entries.append(.file(FilePath(path(descriptor.digest)), bytes))
    }
    return entries
  }

  static func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

  /// The exact size of the tar in bytes.
  /// - Throws: `ArchiveError` with code `badEntry` when it is larger than tar can hold.
  static func size(_ entries: [TarEntry]) throws -> UInt64 {
    try entries.reduce(UInt64(TarFormat.trailer)) { sum, entry in
      let (total, overflow) = sum.addingReportingOverflow(try entry.archivedSize())
      if overflow { throw ArchiveError(.badEntry, "the archive", reason: "it is larger than tar can hold") }
      return total
    }
  }
}

/// A blob of which only the size is used.
struct AnnouncedBlob: Blob {
  let size: UInt64

  func open(at offset: UInt64) throws -> any ByteSource { try BytesBlob([]).open(at: 0) }
}
