import OpzArchive
import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A tar of an OCI layout as output: to a file, written atomically, or to a pipe.
struct OCIArchiveFile: Sendable {
  let path: FilePath

  init(_ path: FilePath) { self.path = path }

  /// Writes an image with what refers to it. Blobs of a container registry stream straight into the file.
  /// - Parameter tags: the image's tags in index.json.
  func write(_ plan: TransferPlan, tags: [String], from source: some ContentReader) async throws {
    var entries = plan.referrers.map { LayoutStore.IndexEntry($0.descriptor) }
    entries += plan.companions.map { LayoutStore.IndexEntry($0.descriptor.withoutAnnotations, tag: $0.tag) }
    entries += tags.isEmpty ? [LayoutStore.IndexEntry(plan.root)] : tags.map { .init(plan.root, tag: $0) }
    try await write(LayoutStore.listing(entries), content: plan.all, from: source)
  }

  /// Writes a layout with this index.json and content.
  func write(_ index: Index.Content, content: [Descriptor], from source: some ContentReader) async throws {
    let blobs = try await DockerArchiveFile.verified(content, from: source)
    try await blocking { [path] in
      try ArchiveOutput.write(blobs, to: path, size: { try OCIArchive.size(index, content: content) }) { output, blob in
        try OCIArchive.write(index, content: content, to: &output, blob: blob)
      }
    }
  }
}
