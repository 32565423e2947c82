import OpzIO
import SystemPackage

/// The entries of one image layer, in the one order in which they are written: sorted by the bytes of their paths, each
/// parent directory before what is in it.
public struct LayerContent: Sendable {
  public let entries: [TarEntry]
  /// The exact size of the uncompressed tar, in bytes. No content was read to know it.
  public let tarSize: UInt64

  /// Sorts entries and adds the parent directories that they do not have (mode 0755, owner 0:0).
  /// - Throws: `ArchiveError` for an unsafe name (absolute, `..`, empty, a whiteout), a name that comes twice, and an entry
  ///   below one that is not a directory.
  public init(_ entries: [TarEntry]) throws {
    var byPath: [[UInt8]: TarEntry] = [:]
    for entry in entries {
      let path = try ArchivePath.checked(entry.path)
      if byPath.updateValue(entry, forKey: path) != nil {
        throw ArchiveError(.badEntry, "archive entry \"\(entry.path.string)\"", "the name comes twice in one layer")
      }
    }
    for entry in entries { try LayerContent.addParents(of: entry, &byPath) }
    self.entries = byPath.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    var total = UInt64(TarFormat.trailer)
    for entry in self.entries {
      let (sum, overflow) = total.addingReportingOverflow(try entry.archivedSize())
      guard !overflow, sum <= TarFormat.sizeLimit else {
        throw ArchiveError(.badEntry, "archive entry \"\(entry.path.string)\"", "the layer is larger than tar can hold")
      }
      total = sum
    }
    tarSize = total
  }

  private static func addParents(of entry: TarEntry, _ byPath: inout [[UInt8]: TarEntry]) throws {
    let path = entry.path.bytes
    for slash in path.indices where path[slash] == UInt8(ascii: "/") {
      let parent = Array(path[..<slash])
      if let above = byPath[parent] {
        if case .directory = above.kind { continue }
        throw ArchiveError(
          .badEntry, "archive entry \"\(entry.path.string)\"", "\"\(above.path.string)\" above it is not a directory")
      }
      byPath[parent] = .directory(FilePath(bytes: parent))
    }
  }

  /// Writes the tar, single-threaded. `LayerWriter` is faster for large content.
  func write(to writer: inout TarWriter<some ByteSink>) throws {
    for entry in entries { try writer.write(entry) }
    try writer.finish()
  }
}
