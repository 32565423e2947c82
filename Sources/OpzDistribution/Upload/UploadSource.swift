import OpzIO

/// Prepares a blob for an upload.
enum UploadSource {
  /// Makes the chunks of a blob in another remote registry one download that reports no progress, because the upload
  /// does. Other blobs are returned unchanged.
  static func of(_ blob: any Blob) -> any Blob {
    guard var remote = blob as? RemoteBlob else { return blob }
    remote.isQuiet = true
    return ContinuingBlob(remote)
  }
}
