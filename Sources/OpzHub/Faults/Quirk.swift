/// A way in which a registry deviates from the distribution-spec, or is stricter than required.
enum Quirk: Sendable, Equatable {
  /// Only the last chunk may be smaller than this many bytes.
  case chunkMinimum(UInt64)
  /// Chunks above this many bytes are refused with this status.
  case chunkMaximum(UInt64, status: Int)
  /// Sends `OCI-Chunk-Min-Length` with the minimum.
  case announcesMinimum(UInt64)
  /// Chunked uploads are not supported: a second chunk gets 405.
  case noChunks
  /// A chunk gets this status instead of 202.
  case chunkStatus(Int)
  /// `Range` stays at the end of the first chunk, although later chunks are stored.
  case rangeSticks
  /// Closes the connection for pushes to repositories below `missing/`, which were never created.
  case dropsMissingRepositories
  /// Every Nth manifest gets 429 the first time.
  case throttlesManifests(every: Int)
  /// Every Nth manifest with a subject gets 405.
  case refusesReferrers(every: Int)
  /// The token server denies this many requests first.
  case spuriousDenial(Int)
  /// Refuses `Content-Range: bytes ..` and says so.
  case plainRangesOnly
  /// A PUT with the bytes of an upload that received no chunk gets 404.
  case chunkBeforePut
  /// A manifest that is stored gets no other name, by a tag or by its digest: 400 with BLOB_UPLOAD_INVALID.
  case noSecondTag
  /// Refuses manifests whose config has an unknown media type.
  case knownConfigsOnly
  /// A mount without `from` gets 400.
  case mountNeedsFrom
  /// Manifest GETs are counted and get 429 above this number; HEADs are not counted.
  case pullLimit(Int)
  /// This many blobs are acknowledged but then unknown until they are pushed again.
  case lostBlobs(Int)
  /// Bodies above this many bytes get 413 with this server's error page.
  case bodyLimit(UInt64, server: String)
  /// An interrupted chunk ends the upload.
  case cutEndsUpload
  /// Accepts chunks in any order and appends them.
  case acceptsUnorderedChunks
  /// Supports neither the referrers API nor `OCI-Subject`.
  case noReferrers
  /// A manifest that is too large gets 400.
  case largeManifestIs400
  /// `Location` is absolute and has a query without which the upload is unknown.
  case statefulLocation
}
