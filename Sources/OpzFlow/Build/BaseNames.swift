import OpzArchive
import OpzDistribution
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import SystemPackage

/// The names that a base image has.
///
/// Where its layers are far away they are streamed once, and only their names stay: in `cache/names`, a file a layer by its digest (`NameListing`).
struct BaseNames: Sendable {
  let registry: Registry
  let session: Session
  /// As opz.yaml names it.
  let base: String
  /// `HOST/REPO` that has the layers, where they are not in the registry.
  let origin: String?

  /// - Throws: `ArchiveError` for layers that are damaged, unsafe or over a limit.
  func table(of image: Image) async throws -> PathTable {
    var files: [(path: FilePath, layer: String)] = []
    for layer in image.layers {
      let file = registry.cacheDirectory.appending("names").appending(layer.descriptor.digest.hex)
      if try await !blocking({ try NameListing.isWhole(file) }) { try await list(layer, to: file) }
      files.append((file, "layer \(layer.descriptor.digest.short) of \(base)"))
    }
    let listings = files
    return try await blocking {
      var table = PathTable()
      for (index, (file, layer)) in listings.enumerated() {
        try table.begin(layer: index, archive: layer)
        try NameListing.read(file) { try table.add($0) }
      }
      return table
    }
  }

  private func list(_ layer: Layer, to file: FilePath) async throws {
    let packed = try await packed(layer)
    _ = try await blocking { try NameListing.write(packed, to: file) }
  }

  /// A layer that is here was checked when it came; one from far away is compared with its diffID.
  private func packed(_ layer: Layer) async throws -> PackedLayer {
    guard try !registry.store.has(layer.descriptor), let origin else {
      return try PackedLayer(layer.descriptor, try registry.store.file(layer.descriptor))
    }
    session.progress.report(
      .note(
        "reading what is where in \(base), layer \(layer.descriptor.digest.short) of \(ByteCount.text(layer.descriptor.size)): once, and only names stay"
      ))
    let repository = try session.repository(try Reference(parsing: origin))
    return try PackedLayer(layer.descriptor, try await repository.blob(layer.descriptor), diffID: layer.diffID)
  }
}
