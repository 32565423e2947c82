/// One way in which a registry is not as the spec has it, or stricter than it has to be.
enum Quirk: Sendable, Equatable {
  /// A chunk below so many bytes may only be the last.
  case chunkMinimum(UInt64)
  /// A chunk above so many bytes is refused with this status.
  case chunkMaximum(UInt64, status: Int)
  /// `OCI-Chunk-Min-Length` says the minimum.
  case announcesMinimum(UInt64)
  /// There are no chunks: a second one is 405.
  case noChunks
  /// A chunk is answered with this status in place of 202.
  case chunkStatus(Int)
  /// `Range` stays at the end of the first chunk, though what comes after it is stored.
  case rangeSticks
  /// Pushes to repositories below `missing/` end the connection: nobody made them.
  case dropsMissingRepositories
  /// Each so-manieth manifest is 429 first.
  case throttlesManifests(every: Int)
  /// Each so-manieth manifest with a subject is 405.
  case refusesReferrers(every: Int)
  /// The token server denies so many times first.
  case spuriousDenial(Int)
  /// `Content-Range: bytes ..` is named in the refusal.
  case plainRangesOnly
  /// An upload that got no chunk is 404 when its bytes come with PUT.
  case chunkBeforePut
  /// Manifests whose config is of no known type are refused.
  case knownConfigsOnly
  /// A mount without `from` is 400.
  case mountNeedsFrom
  /// Manifests by GET are counted, and are 429 past so many; HEAD is not.
  case pullLimit(Int)
  /// So many blobs are acknowledged and then unknown, until they are pushed again.
  case lostBlobs(Int)
  /// Bodies above so many bytes are 413 with the page of this server.
  case bodyLimit(UInt64, server: String)
  /// An upload whose chunk was cut is gone.
  case cutEndsUpload
  /// Chunks may come in any order, and are appended.
  case takesDisorder
  /// Neither the referrers API nor OCI-Subject.
  case noReferrers
  /// A manifest that is too large is 400.
  case largeManifestIs400
  /// Location has scheme and host, and a query without which the upload is unknown.
  case statefulLocation
}
