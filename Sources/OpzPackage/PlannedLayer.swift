public import OpzArchive
import OpzIO

/// A layer before it is written: what it is for and the files in it.
public struct PlannedLayer: Sendable {
  public let role: LayerRole
  public let files: [SourceFile]
  public let compression: Compression

  /// Files of this size or more get an uncompressed layer each: weights do not compress, and a layer that holds one file is
  /// uploaded again only when that file changes.
  public static let largeFile: UInt64 = 64 << 20

  /// Splits the files of a project into layers, in the order of the image.
  public static func plan(_ files: [SourceFile]) -> [PlannedLayer] {
    var layers: [PlannedLayer] = []
    for role in LayerRole.allCases {
      let own = files.filter { $0.role == role }
      let large = own.filter { isLarge($0) }
      let small = own.filter { !isLarge($0) }
      for file in large.sorted(by: { $0.destination.bytes.lexicographicallyPrecedes($1.destination.bytes) }) {
        layers.append(PlannedLayer(role: role, files: [file], compression: .none))
      }
      if !small.isEmpty { layers.append(PlannedLayer(role: role, files: small, compression: .gzip)) }
    }
    return layers
  }

  private static func isLarge(_ file: SourceFile) -> Bool {
    if case .file(let size) = file.kind { return file.role == .model && size >= largeFile }
    return false
  }

  /// What people read: `model`, or the name of the only file.
  public var title: String {
    files.count == 1 ? files[0].destination.string : "\(role) (\(files.count) files)"
  }
}

extension PlannedLayer {
  /// The entries of the layer's tar, and the digests that its files turn out to have. A large file has none of its own: the
  /// layer's stands for it, and a second SHA-256 over the weights would double the work.
  func content() throws -> (content: LayerContent, digests: FileDigests) {
    let digests = FileDigests()
    let entries = files.map { file in
      let path = file.destination
      switch file.kind {
      case .file:
        let blob: any Blob = compression == .none ? FileContent(file) : HashedFile(file, digests)
        return TarEntry(path, .file(blob), mode: file.mode)
      case .directory: return TarEntry(path, .directory, mode: file.mode)
      case .symlink(let target): return TarEntry(path, .symlink(target: target), mode: file.mode)
      }
    }
    return (try LayerContent(entries), digests)
  }
}
