public import OpzIO
import OpzJSON
public import OpzOCI

/// A tar of an OCI image layout, which skopeo and podman call `oci-archive`: whole indexes and referrers too.
public enum OCIArchive {
  /// Writes a layout to `sink`. It blocks.
  /// - Parameters:
  ///   - index: what the layout's index.json lists.
  ///   - content: all that it leads to.
  ///   - sink: receives the tar; after an error it has a part of it.
  ///   - blob: returns the content of a descriptor.
  /// - Throws: `ArchiveError` with code `changed` when a blob's size differs from its descriptor's, or what `blob` or
  ///   the sink throws.
  public static func write(
    _ index: Index.Content, content: [Descriptor], to sink: inout some ByteSink,
    blob: (Descriptor) throws -> any Blob
  ) throws {
    var writer = TarWriter(sink)
    defer { sink = writer.sink }
    for entry in try entries(index, content, blob: blob) { try writer.write(entry) }
    try writer.finish()
  }

  /// Returns the exact size of that tar in bytes, without reading content.
  /// - Throws: `ArchiveError` with code `badEntry` when it is larger than tar can hold.
  public static func size(_ index: Index.Content, content: [Descriptor]) throws -> UInt64 {
    try LayoutEntries.size(try entries(index, content) { AnnouncedBlob(size: $0.size) })
  }

  private static func entries(
    _ index: Index.Content, _ content: [Descriptor], blob: (Descriptor) throws -> any Blob
  ) throws -> [TarEntry] {
    try LayoutEntries.of([.file("index.json", BytesBlob(try CanonicalJSON.encode(index)))], content, blob: blob)
  }
}
