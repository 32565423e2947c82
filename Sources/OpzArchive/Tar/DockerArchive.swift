public import OpzIO
import OpzJSON
public import OpzOCI

/// The tar that `docker load` and `podman load` read, which is an OCI layout at the same time.
///
/// Engines before 25 read `manifest.json`, whose `Layers` point into `blobs/`; newer ones and OCI tools read
/// `index.json`.
public enum DockerArchive {
  /// Writes one image to `sink`. It blocks.
  /// - Parameters:
  ///   - manifest: the image's manifest.
  ///   - tags: the names of the image once loaded, `churn:1.0.0`.
  ///   - sink: receives the tar; after an error it has a part of it.
  ///   - blob: returns the content of the config and of each layer.
  /// - Throws: `ArchiveError` with code `changed` when a blob's size differs from its descriptor's, or what `blob` or
  ///   the sink throws.
  public static func write(
    _ manifest: Manifest, tags: [String], to sink: inout some ByteSink,
    blob: (Descriptor) throws -> any Blob
  ) throws {
    var writer = TarWriter(sink)
    defer { sink = writer.sink }
    for entry in try entries(manifest, tags, blob: blob) { try writer.write(entry) }
    try writer.finish()
  }

  /// Returns the exact size of that tar in bytes, without reading content.
  /// - Throws: `ArchiveError` with code `badEntry` when it is larger than tar can hold.
  public static func size(_ manifest: Manifest, tags: [String]) throws -> UInt64 {
    let entries = try entries(manifest, tags) { AnnouncedBlob(size: $0.size) }
    return try LayoutEntries.size(entries)
  }

  /// The small files come first, so that a streaming reader knows what follows.
  private static func entries(
    _ manifest: Manifest, _ tags: [String], blob: (Descriptor) throws -> any Blob
  ) throws -> [TarEntry] {
    let documents: [TarEntry] = [
      .file("index.json", BytesBlob(try index(manifest, tags))),
      .file("manifest.json", BytesBlob(try CanonicalJSON.encode([DockerManifest(manifest, tags)]))),
    ]
    let content = [manifest.descriptor] + manifest.references
    return try LayoutEntries.of(documents, content) { descriptor -> any Blob in
      if descriptor.digest == manifest.descriptor.digest { return BytesBlob(manifest.raw) }
      return try blob(descriptor)
    }
  }

  /// Docker's containerd store takes the name from containerd's annotation, OCI tools take the tag from OCI's.
  private static func index(_ manifest: Manifest, _ tags: [String]) throws -> [UInt8] {
    let named = tags.map { tag in
      var descriptor = manifest.descriptor.withoutAnnotations
      let short = tag.lastIndex(of: ":").map { String(tag[tag.index(after: $0)...]) } ?? "latest"
      descriptor.annotations = [
        "io.containerd.image.name": familiar(tag), "org.opencontainers.image.ref.name": short,
      ]
      return descriptor
    }
    return try Index(Index.Content(manifests: named.isEmpty ? [manifest.descriptor.withoutAnnotations] : named)).raw
  }

  /// The full name of what Docker displays as `churn:1.0.0`.
  private static func familiar(_ tag: String) -> String {
    guard let slash = tag.firstIndex(of: "/") else { return "docker.io/library/\(tag)" }
    return Reference.namesHost(tag[..<slash]) ? tag : "docker.io/\(tag)"
  }

  private struct DockerManifest: Encodable {
    let config: String
    let repoTags: [String]
    let layers: [String]

    enum CodingKeys: String, CodingKey {
      case config = "Config"
      case repoTags = "RepoTags"
      case layers = "Layers"
    }

    init(_ manifest: Manifest, _ tags: [String]) {
      config = LayoutEntries.path(manifest.content.config.digest)
      repoTags = tags
      layers = manifest.content.layers.map { LayoutEntries.path($0.digest) }
    }
  }
}
