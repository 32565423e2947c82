import OpzIO
import SystemPackage

/// The entries of one image layer in canonical order: sorted by the bytes of their paths, each parent directory
/// before its contents.
public struct LayerContent: Sendable {
  public let entries: [TarEntry]
  /// The exact size of the uncompressed tar in bytes, computed without reading content.
  public let tarSize: UInt64

  /// Sorts entries and adds missing parent directories (mode 0755, owner 0:0).
  /// - Throws: `ArchiveError` with code `badEntry` for an unsafe name (absolute, `..`, empty, a whiteout), a
  ///   duplicate name, an entry below one that is not a directory, and a layer that is too large.
  public init(_ entries: consuming [TarEntry]) throws {
    var sorted = entries
    for entry in sorted { try ArchivePath.check(entry.path) }
    LayerContent.sort(&sorted)
    for (one, next) in zip(sorted, sorted.dropFirst()) where one.path == next.path {
      throw ArchiveError(.badEntry, "archive entry \"\(one.path.string)\"", reason: "duplicate name in one layer")
    }
    let parents = try LayerContent.missingParents(of: sorted)
    sorted += parents
    LayerContent.sort(&sorted)
    self.entries = sorted
    var total = UInt64(TarFormat.trailer)
    for entry in self.entries {
      let (sum, overflow) = total.addingReportingOverflow(try entry.archivedSize())
      guard !overflow, sum <= TarFormat.sizeLimit else {
        throw ArchiveError(
          .badEntry, "archive entry \"\(entry.path.string)\"", reason: "the layer is larger than tar can hold")
      }
      total = sum
    }
    tarSize = total
  }

  /// Usually the entries are sorted already.
  private static func sort(_ entries: inout [TarEntry]) {
    let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.path.bytesPrecede($1.path) }
    if !isSorted { entries.sort { $0.path.bytesPrecede($1.path) } }
  }

  /// The parent directories of the entries that are not among them.
  private static func missingParents(of sorted: [TarEntry]) throws -> [TarEntry] {
    var seen: Set<FilePath> = []
    var missing: [TarEntry] = []
    for entry in sorted {
      var path = entry.path
      // The parents of a directory seen before were seen too.
      while path.removeLastComponent(), !path.isEmpty, seen.insert(path).inserted {
        guard let above = find(path, in: sorted) else {
          missing.append(.directory(path))
          continue
        }
        guard case .directory = above.kind else {
          throw ArchiveError(
            .badEntry, "archive entry \"\(entry.path.string)\"",
            reason: "\"\(path.string)\" in its path is not a directory")
        }
      }
    }
    return missing
  }

  private static func find(_ path: FilePath, in sorted: [TarEntry]) -> TarEntry? {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].path.bytesPrecede(path) { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low].path == path ? sorted[low] : nil
  }

  /// Writes the tar on a single thread. `LayerWriter` is faster for large content.
  func write(to writer: inout TarWriter<some ByteSink>) throws {
    for entry in entries { try writer.write(entry) }
    try writer.finish()
  }
}
