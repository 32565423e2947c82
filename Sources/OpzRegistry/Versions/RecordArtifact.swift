import OpzIO
public import OpzOCI
public import OpzStore

/// The version record as an OCI artifact whose subject is the image, so that push and pull transfer it as a referrer.
public enum RecordArtifact {
  public static let artifactType = MediaType("application/vnd.opz.version.v1+json")
  public static let testType = MediaType("application/vnd.opz.test.v1")
  public static let titleAnnotation = "org.opencontainers.image.title"

  /// The manifest that carries a record; equal records have equal manifests.
  /// - Parameter bytes: the bytes of `version.json`.
  public static func manifest(_ record: VersionRecord, _ bytes: [UInt8]) throws -> Manifest {
    var layer = Descriptor.of(bytes, artifactType)
    layer.annotations = [titleAnnotation: "version.json"]
    let tests = record.tests.map { test in
      var descriptor = test.descriptor
      descriptor.annotations = [titleAnnotation: test.name]
      return descriptor
    }
    let lists = record.fileList.map { list in
      var descriptor = list
      descriptor.annotations = [titleAnnotation: "files.jsonl"]
      return [descriptor]
    }
    return try Manifest(
      Manifest.Content(
        artifactType: artifactType, config: .emptyConfig, layers: [layer] + (lists ?? []) + tests,
        subject: record.image.withoutAnnotations,
        annotations: [
          "org.opencontainers.image.version": record.version, "org.opencontainers.image.title": record.name,
        ]))
  }

  /// Adds the record's blobs and its manifest to the store.
  public static func store(_ record: VersionRecord, _ bytes: [UInt8], in store: LayoutStore) throws -> Descriptor {
    try store.put(Array("{}".utf8), .empty)
    try store.put(bytes, artifactType)
    let manifest = try manifest(record, bytes)
    try store.put(manifest.raw, .imageManifest)
    return manifest.descriptor
  }

  /// The record's bytes in an artifact.
  public static func record(in manifest: Manifest, of source: some ContentReader) async throws -> [UInt8] {
    let layers = manifest.content.layers.filter { $0.mediaType == artifactType }
    guard manifest.content.artifactType == artifactType, layers.count == 1, let layer = layers.first else {
      throw RegistryError(
        .damaged, manifest.descriptor.digest.description,
        reason: layers.count > 1
          ? "the artifact holds several version records" : "the artifact does not hold a version record")
    }
    return try await source.bytes(layer, limit: VersionRecord.limit)
  }
}
