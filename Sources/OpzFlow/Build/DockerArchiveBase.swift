import OpzArchive
import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// Imports the image of a docker archive into the registry, to be used as a base.
enum DockerArchiveBase {
  /// Stores the layers and documents of the archive's only image.
  /// - Throws: `ArchiveError`; `FlowError` of category `failed` for an archive with several images, `verification` for
  ///   a layer that does not match the config's diffID.
  static func store(_ path: FilePath, in store: LayoutStore) throws -> Image {
    let reader = try DockerArchiveReader(try FileBlob(path), name: path.string)
    guard reader.images.count == 1, let archived = reader.images.first else {
      throw FlowError(
        .failed, path.string, reason: "the archive has \(reader.images.count) images, but a base must be a single one",
        hint: "save a single image: docker save NAME:TAG -o FILE")
    }
    let config = try CanonicalJSON.decode(
      ImageConfig.self, from: archived.config, .imageConfig, subject: "\(path): config")
    guard config.rootfs.diffIDs.count == archived.layers.count else {
      throw FlowError(
        .verification, path.string,
        reason: "the archive has \(archived.layers.count) layers, but its config lists \(config.rootfs.diffIDs.count)")
    }
    let layers = try zip(archived.layers, config.rootfs.diffIDs).map { try layer($0, diffID: $1, in: store) }
    try store.put(archived.config, .imageConfig)
    let manifest = try Manifest(Manifest.Content(config: .of(archived.config, .imageConfig), layers: layers))
    try store.put(manifest.raw, .imageManifest)
    return try Image(manifest: manifest, configBytes: archived.config)
  }

  /// Stores a layer as it is, after checking its uncompressed tar against the config's diffID.
  private static func layer(_ blob: any Blob, diffID: Digest, in store: LayoutStore) throws -> Descriptor {
    let compression = try compression(of: blob)
    let writer = try store.ingest(expecting: blob.size)
    var hasher = DigestHasher(.sha256)
    try blob.forEachChunk { bytes in
      hasher.update(bytes)
      try writer.write(bytes)
    }
    let descriptor = Descriptor(mediaType: compression.layerMediaType, digest: hasher.finish(), size: blob.size)
    var tar = DigestHasher(diffID.algorithm)
    if compression == .none, descriptor.digest.algorithm == diffID.algorithm {
      try check(descriptor.digest, diffID)
    } else {
      try StoredLayer(blob, compression).forEachTarChunk { tar.update($0) }
      try check(tar.finish(), diffID)
    }
    try writer.commit(as: descriptor)
    return descriptor
  }

  private static func check(_ found: Digest, _ diffID: Digest) throws {
    guard found == diffID else {
      throw FlowError(.verification, diffID.description, reason: "the layer in the archive has the digest \(found)")
    }
  }

  static func compression(of blob: any Blob) throws -> Compression {
    var head = [UInt8](repeating: 0, count: 4)
    let source = try blob.open(at: 0)
    let count = try head.withUnsafeMutableBytes { try source.read(into: $0) }
    if count >= 2, head[0] == 0x1f, head[1] == 0x8b { return .gzip }
    if count == 4, head == [0x28, 0xb5, 0x2f, 0xfd] { return .zstd }
    return .none
  }
}
