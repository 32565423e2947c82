import OpzArchive
import OpzDistribution
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import SystemPackage

/// The paths in a base image.
///
/// Remote layers are streamed once and only their paths are kept, in `cache/names`: one `NameListing` per layer, named
/// by its digest.
struct BasePaths: Sendable {
  let registry: Registry
  let session: Session
  /// As `opz.yaml` names it.
  let base: String
  /// The `HOST/REPO` that has the layers, if they are not in the registry.
  let origin: String?

  /// - Throws: `ArchiveError` for layers that are corrupt, unsafe or over a limit.
  func table(of image: Image) async throws -> PathTable {
    var files: [(path: FilePath, layer: String)] = []
    for layer in image.layers {
      let file = BasePaths.listing(of: layer.descriptor, in: registry)
      if try await !blocking({ try NameListing.isIntact(file) }) { try await list(layer, to: file) }
      files.append((file, "layer \(layer.descriptor.digest.short) of \(base)"))
    }
    let listings = files
    return try await blocking {
      var table = PathTable()
      for (index, (file, layer)) in listings.enumerated() {
        try table.begin(layer: index, archive: layer)
        try NameListing.read(file) { try table.add($0) }
        RecentUse.mark(file)
      }
      return table
    }
  }

  /// The file with the names of a layer.
  static func listing(of layer: Descriptor, in registry: Registry) -> FilePath {
    registry.cacheDirectory.appending("names").appending(layer.digest.hex)
  }

  private func list(_ layer: Layer, to file: FilePath) async throws {
    let packed = try await packed(layer)
    _ = try await blocking { try NameListing.write(packed, to: file) }
  }

  /// A stored layer was verified when it arrived; a remote one is checked against its diffID as it streams.
  private func packed(_ layer: Layer) async throws -> StoredLayer {
    guard try !registry.store.has(layer.descriptor), let origin else {
      return try StoredLayer(layer.descriptor, try registry.store.file(layer.descriptor))
    }
    session.progress.report(
      .note(
        "listing the files of \(base), layer \(layer.descriptor.digest.short) of \(ByteCount.text(layer.descriptor.size)); this is done only once"
      ))
    let repository = try session.pullSource(try Reference(parsing: origin), byDigest: true)
    return try StoredLayer(layer.descriptor, try await repository.blob(layer.descriptor), diffID: layer.diffID)
  }
}
