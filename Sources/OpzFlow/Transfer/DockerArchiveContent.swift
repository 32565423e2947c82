import OpzArchive
import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// The image of a docker archive as content by digest. Layers are read in place.
struct DockerArchiveContent: ReferrerReader {
  let root: Descriptor
  /// The names that the archive has for the image, `NAME:TAG`.
  let names: [String]
  private let blobs: [Digest: any Blob]

  /// Hashes all layers once, because the digests that an archive states cannot be trusted. Blocking.
  /// - Throws: `ArchiveError`; `FlowError` of category `failed` for an archive with several images.
  init(_ path: FilePath) throws {
    let reader = try DockerArchiveReader(try FileBlob(path), name: path.string)
    guard reader.images.count == 1, let archived = reader.images.first else {
      throw FlowError(
        .failed, path.string,
        reason: "the archive has \(reader.images.count) images, but only a single one can be copied",
        hint: "save a single image: docker save NAME:TAG -o FILE")
    }
    var blobs: [Digest: any Blob] = [:]
    let layers = try archived.layers.map { layer in
      let compression = try DockerArchiveBase.compression(of: layer)
      var hasher = DigestHasher(.sha256)
      try layer.forEachChunk { hasher.update($0) }
      let descriptor = Descriptor(mediaType: compression.layerMediaType, digest: hasher.finish(), size: layer.size)
      blobs[descriptor.digest] = layer
      return descriptor
    }
    let config = Descriptor.of(archived.config, .imageConfig)
    let manifest = try Manifest(Manifest.Content(config: config, layers: layers))
    blobs[config.digest] = BytesBlob(archived.config)
    blobs[manifest.descriptor.digest] = BytesBlob(manifest.raw)
    _ = try Image(manifest: manifest, configBytes: archived.config)
    (root, names, self.blobs) = (manifest.descriptor, archived.tags, blobs)
  }

  func contains(_ descriptor: Descriptor) async throws -> Bool { blobs[descriptor.digest] != nil }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    guard let blob = blobs[descriptor.digest] else {
      throw FlowError(.notFound, descriptor.digest.description, reason: "not in the archive")
    }
    return blob
  }

  func referrers(of digest: Digest) async throws -> [Descriptor] { [] }
  func named(_ tag: String) async throws -> Descriptor? { nil }
}
