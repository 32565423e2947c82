import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// An archive of images as output: to a file, written atomically, or to a pipe.
enum ArchiveOutput {
  /// Writes an archive of these blobs.
  /// - Parameters:
  ///   - size: how large it will be; asked where the file's disk must have room for it.
  ///   - content: writes it, with a function that finds a blob.
  static func write(
    _ blobs: [Digest: any Blob], to path: FilePath, size: () throws -> UInt64,
    content: (inout OutputFile, (Descriptor) throws -> any Blob) throws -> Void
  ) throws {
    var output = try OutputFile(path)
    if let directory = output.stagingDirectory { try FreeSpace.require(try size(), at: directory) }
    try content(&output) { descriptor in
      guard let blob = blobs[descriptor.digest] else {
        throw FlowError(.notFound, descriptor.digest.description, reason: "not among the image's blobs")
      }
      return blob
    }
    try output.finish()
  }
}
