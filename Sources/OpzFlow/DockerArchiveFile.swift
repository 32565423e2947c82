import OpzArchive
import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A docker archive that is written to a file: whole, or not at all.
struct DockerArchiveFile: Sendable {
  let path: FilePath

  init(_ path: FilePath) { self.path = path }

  /// Blobs are read where they are, so those of a container registry stream into the file.
  /// - Parameters:
  ///   - names: `NAME:TAG`, what the image is called once it is loaded.
  ///   - trusting: the content is of our own store, whose files have the digests that they are named by.
  func write(
    _ root: Descriptor, names: [String], from content: some ContentReader, trusting: Bool = false
  ) async throws {
    let manifest = try await content.manifest(root)
    var blobs: [Digest: any Blob] = [:]
    for descriptor in manifest.references where blobs[descriptor.digest] == nil {
      let blob = try await content.blob(descriptor)
      blobs[descriptor.digest] = trusting ? blob : VerifiedBlob(blob, descriptor)
    }
    let found = blobs
    try await blocking { [path] in
      let directory = path.removingLastComponent().isEmpty ? FilePath(".") : path.removingLastComponent()
      try FreeSpace.require(try DockerArchive.size(manifest, tags: names), at: directory)
      let temporary = Durable.temporaryName(beside: path)
      var sink = FileSink(try OpenFile.creating(temporary))
      do {
        try DockerArchive.write(manifest, tags: names, to: &sink) { descriptor in
          guard let blob = found[descriptor.digest] else {
            throw FlowError(.notFound, descriptor.digest.description, "not among the image's blobs")
          }
          return blob
        }
        try sink.file.sync()
      } catch {
        try? Durable.remove(temporary)
        throw error
      }
      try Durable.publish(temporary, at: path)
    }
  }
}

/// A file that takes bytes in order.
private final class FileSink: ByteSink {
  let file: OpenFile

  init(_ file: consuming OpenFile) { self.file = file }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }
}
