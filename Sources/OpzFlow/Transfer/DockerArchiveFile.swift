import OpzArchive
import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A docker archive that is written to a file, whole or not at all, or into a pipe.
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
    try await content.checkConfig(of: manifest)
    var blobs: [Digest: any Blob] = [:]
    for descriptor in manifest.references where blobs[descriptor.digest] == nil {
      let blob = try await content.blob(descriptor)
      blobs[descriptor.digest] = trusting ? blob : verified(blob, descriptor.digest)
    }
    let found = blobs
    try await blocking { [path] in
      var output = try OutputFile(path)
      if let directory = output.stagingDirectory {
        try FreeSpace.require(try DockerArchive.size(manifest, tags: names), at: directory)
      }
      try DockerArchive.write(manifest, tags: names, to: &output) { descriptor in
        guard let blob = found[descriptor.digest] else {
          throw FlowError(.notFound, descriptor.digest.description, "not among the image's blobs")
        }
        return blob
      }
      try output.finish()
    }
  }

  /// An archive has no other who compares its bytes.
  private func verified(_ blob: any Blob, _ digest: Digest) -> VerifiedBlob {
    VerifiedBlob(blob, digest: digest) {
      FlowError(.verification, "\(digest)", "the content that came has another digest")
    }
  }

  /// - Throws: where the place can be none for an archive: a directory, a terminal.
  static func require(_ path: FilePath) throws {
    try OutputFile.require(path)
    guard OutputFile.isTerminal(path) else { return }
    throw FlowError(
      .usage, "docker-archive:\(path)", "an archive is nothing for a terminal",
      hint: "name a file, or pipe it: .. docker-archive:/dev/stdout | docker load")
  }
}
