public import OpzIO
public import OpzOCI

/// Copies an image, an artifact or an index with everything reachable from it: blobs first, then the documents that
/// refer to them, so that no document in the destination ever refers to missing content.
///
/// Documents that the destination already has are walked too, because a store may hold a manifest whose blobs are
/// lost.
/// - Parameters:
///   - root: the manifest or index to copy.
///   - source: where the content is read.
///   - destination: where missing content is put.
///   - progress: receives the events of the transfer.
/// - Returns: how much was copied and how much existed.
/// - Throws: what the source or the destination throws.
public func copy(
  _ root: Descriptor, from source: some ContentReader, to destination: some ContentStore,
  progress: any ProgressSink = NoProgress()
) async throws -> CopyResult {
  try await copy(
    try await ContentGraph.of(root, in: source), root: root, from: source, to: destination, progress: progress)
}

/// Copies content whose documents were read already; otherwise like `copy(_:from:to:progress:)`.
public func copy(
  _ work: ContentGraph, root: Descriptor, from source: some ContentReader, to destination: some ContentStore,
  progress: any ProgressSink = NoProgress()
) async throws -> CopyResult {
  let missing = try await MissingContent.of(work, in: destination, progress: progress)
  return try await copy(missing, root: root, from: source, to: destination, progress: progress)
}

/// Copies what a destination was found to lack; otherwise like `copy(_:from:to:progress:)`.
public func copy(
  _ missing: MissingContent, root: Descriptor, from source: some ContentReader, to destination: some ContentStore,
  progress: any ProgressSink = NoProgress()
) async throws -> CopyResult {
  let step = CopyStep(source: source, destination: destination, progress: progress)
  try await step.move(blobs: missing.blobs)
  try await step.move(documents: missing.documents, blobs: missing.work.blobs)
  var result = CopyResult(root: root)
  result.existed = missing.existed
  result.copied = missing.blobs.count + missing.documents.count
  result.bytes = (missing.blobs + missing.documents).reduce(0) { $0 &+ $1.size }
  return result
}

/// What a destination lacks of the content that is to be copied to it.
public struct MissingContent: Sendable {
  /// All of the content.
  public let work: ContentGraph
  /// In the order of `work`.
  public let blobs: [Descriptor]
  /// In the order of `work`.
  public let documents: [Descriptor]
  /// How many blobs and documents the destination has.
  public var existed: Int { work.blobs.count + work.documents.count - blobs.count - documents.count }

  /// How many existence checks run at once.
  private static let maximumConcurrentChecks = 32

  /// Asks the destination for all of the content at once.
  /// - Parameter progress: is told what will be copied, and what exists.
  /// - Throws: what the destination throws.
  public static func of(
    _ work: ContentGraph, in destination: some ContentStore, progress: any ProgressSink = NoProgress()
  ) async throws -> MissingContent {
    let all = work.blobs + work.documents
    progress.report(.planned(items: all.count, bytes: all.reduce(0) { $0 &+ $1.size }))
    let exist = try await concurrently(all, limit: maximumConcurrentChecks) { item in
      try await exists(item, in: destination, progress: progress)
    }
    let missing = Set(zip(all, exist).filter { !$0.1 }.map(\.0.digest))
    return MissingContent(
      work: work, blobs: work.blobs.filter { missing.contains($0.digest) },
      documents: work.documents.filter { missing.contains($0.digest) })
  }

  private static func exists(
    _ descriptor: Descriptor, in destination: some ContentStore, progress: any ProgressSink
  ) async throws -> Bool {
    guard try await destination.contains(descriptor) else { return false }
    let item = "\(descriptor.digest.short)"
    progress.report(.started(item: item, total: descriptor.size))
    progress.report(.finished(item: item, outcome: .existed))
    return true
  }
}

/// The transfers of a copy.
private struct CopyStep<Source: ContentReader, Destination: ContentStore>: Sendable {
  let source: Source
  let destination: Destination
  let progress: any ProgressSink

  /// Over a long line a small blob is mostly waiting, so three times as many are on their way at once.
  private static var smallSize: UInt64 { 1 << 20 }
  private static var smallShare: Int { 3 }
  /// Documents up to this size are read and sent side by side, larger ones one at a time, for the sake of memory.
  private static var smallDocument: UInt64 { 64 << 10 }

  func move(blobs: [Descriptor]) async throws {
    let width = max(source.parallelTransfers, destination.parallelTransfers)
    guard width > defaultParallelTransfers else { return try await move(blobs, limit: width) }
    async let small: Void = move(blobs.filter { $0.size <= Self.smallSize }, limit: Self.smallShare * width)
    async let large: Void = move(blobs.filter { $0.size > Self.smallSize }, limit: width)
    _ = try await (small, large)
  }

  private func move(_ all: [Descriptor], limit: Int) async throws {
    _ = try await concurrently(all, limit: limit) { try await move($0) }
  }

  private func move(_ descriptor: Descriptor) async throws {
    while true {
      do {
        return try await destination.put(descriptor, from: try await source.blob(descriptor))
      } catch let error as any OtherSourceError where error.hasOtherSource {
        try Task.checkCancellation()
      }
    }
  }

  /// Manifests go side by side, because the order of referrers and subjects does not matter (distribution-spec 1.1,
  /// "Pushing Manifests with Subject"). What a registry refuses then is tried once more in the documents' order.
  /// - Parameter blobs: everything that the documents may refer to.
  func move(documents: [Descriptor], blobs: [Descriptor]) async throws {
    let first = documents.filter { $0.mediaType.isManifest && $0.size <= Self.smallDocument }
    let done = try await concurrently(first) { document -> Digest? in
      do {
        try await move(document)
        return document.digest
      } catch let error as any MissingContentError where error.mayDependOnOrder {
        return nil
      }
    }
    let stored = Set(done.compactMap { $0 })
    for document in documents where !stored.contains(document.digest) {
      do {
        try await move(document)
      } catch let error as any MissingContentError where error.isAboutMissingContent {
        try await resendLost(blobs, after: error)
        try await move(document)
      }
    }
  }

  /// Puts blobs again that a destination accepted but does not have.
  /// - Throws: `error` when it has them all.
  private func resendLost(_ blobs: [Descriptor], after error: any MissingContentError) async throws {
    var isLost = false
    for blob in blobs where try await !destination.contains(blob) {
      isLost = true
      progress.report(.note("\(blob.digest): the destination accepted it but does not have it; sending it again"))
      try await move(blob)
    }
    if !isLost { throw error }
  }
}
