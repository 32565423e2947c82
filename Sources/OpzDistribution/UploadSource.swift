import OpzIO

/// What an upload reads from.
enum UploadSource {
  /// A blob of another registry is one download for all chunks, and tells nothing of its own progress: the upload does.
  static func of(_ blob: any Blob) -> any Blob {
    guard var remote = blob as? RemoteBlob else { return blob }
    remote.isQuiet = true
    return ContinuingBlob(remote)
  }
}
