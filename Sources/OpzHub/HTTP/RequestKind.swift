/// The kind of a request, as fault rules name it.
package enum RequestKind: String, Sendable, CaseIterable, Codable {
  case ping, catalog, tags, referrers, token, other
  case manifestHead = "manifest-head"
  case manifestGet = "manifest-get"
  case manifestPut = "manifest-put"
  case manifestDelete = "manifest-delete"
  case blobHead = "blob-head"
  case blobGet = "blob-get"
  case blobDelete = "blob-delete"
  case uploadStart = "upload-start"
  case uploadChunk = "upload-chunk"
  case uploadStatus = "upload-status"
  case uploadFinish = "upload-finish"
  case uploadCancel = "upload-cancel"

  /// The request changes nothing.
  var isRead: Bool {
    switch self {
    case .ping, .catalog, .tags, .referrers, .token, .other, .manifestHead, .manifestGet, .blobHead, .blobGet,
      .uploadStatus:
      true
    default: false
    }
  }
}
