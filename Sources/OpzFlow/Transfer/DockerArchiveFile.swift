import OpzArchive
import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A docker archive as output: to a file, written atomically, or to a pipe.
struct DockerArchiveFile: Sendable {
  let path: FilePath

  init(_ path: FilePath) { self.path = path }

  /// Writes the archive. Blobs of a container registry stream straight into the file.
  /// - Parameters:
  ///   - names: the image's names after `docker load`, `NAME:TAG`.
  ///   - trusting: skips verification, for content of the local store, whose files are named by their digests.
  func write(
    _ root: Descriptor, names: [String], from content: some ContentReader, trusting: Bool = false
  ) async throws {
    let manifest = try await content.manifest(root)
    try await content.checkConfig(of: manifest)
    var blobs: [Digest: any Blob] = [:]
    for descriptor in manifest.references where blobs[descriptor.digest] == nil {
      let blob = try await content.blob(descriptor)
      blobs[descriptor.digest] = trusting ? blob : DockerArchiveFile.verified(blob, descriptor.digest)
    }
    let found = blobs
    try await blocking { [path] in
      let size = { try DockerArchive.size(manifest, tags: names) }
      try ArchiveOutput.write(found, to: path, size: size) { output, blob in
        try DockerArchive.write(manifest, tags: names, to: &output, blob: blob)
      }
    }
  }

  /// Opens blobs that are verified while they are read.
  static func verified(
    _ content: [Descriptor], from source: some ContentReader
  ) async throws -> [Digest: any Blob] {
    var blobs: [Digest: any Blob] = [:]
    for descriptor in content where blobs[descriptor.digest] == nil {
      blobs[descriptor.digest] = verified(try await source.blob(descriptor), descriptor.digest)
    }
    return blobs
  }

  /// An archive records no digests, so its content has to be verified while it is written.
  private static func verified(_ blob: any Blob, _ digest: Digest) -> VerifiedBlob {
    VerifiedBlob(blob, digest: digest) {
      FlowError(.verification, "\(digest)", reason: "the received content has a different digest")
    }
  }

  /// - Throws: `IOFailure` if the path cannot be written to, `FlowError` of category `usage` if it is a terminal.
  static func require(_ path: FilePath, kind: String = "docker-archive") throws {
    try OutputFile.require(path)
    guard OutputFile.isTerminal(path) else { return }
    throw FlowError(
      .usage, "\(kind):\(path)", reason: "an archive cannot be written to a terminal",
      hint: "name a file, or pipe it: .. \(kind):/dev/stdout | podman load")
  }
}
