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
///   - parallel: how many blobs are transferred at once. More are checked for existence at once.
///   - progress: receives the events of the transfer.
/// - Returns: how much was copied and how much existed.
/// - Throws: what the source or the destination throws.
public func copy(
  _ root: Descriptor, from source: some ContentReader, to destination: some ContentStore, parallel: Int = 2,
  progress: any ProgressSink = NoProgress()
) async throws -> CopyResult {
  try await copy(
    try await ContentGraph.of(root, in: source), root: root, from: source, to: destination, parallel: parallel,
    progress: progress)
}

/// Copies content whose documents were read already; otherwise like `copy(_:from:to:parallel:progress:)`.
public func copy(
  _ work: ContentGraph, root: Descriptor, from source: some ContentReader, to destination: some ContentStore,
  parallel: Int = 2, progress: any ProgressSink = NoProgress()
) async throws -> CopyResult {
  let all = work.blobs + work.documents
  progress.report(.planned(items: all.count, bytes: all.reduce(0) { $0 &+ $1.size }))
  var result = CopyResult(root: root)
  let exist = try await concurrently(all, limit: maximumConcurrentChecks) { item in
    try await exists(item, in: destination, progress: progress)
  }
  let missing = Set(zip(all, exist).filter { !$0.1 }.map(\.0.digest))
  result.existed = exist.filter { $0 }.count
  let moved = try await concurrently(work.blobs.filter { missing.contains($0.digest) }, limit: parallel) { blob in
    try await destination.put(blob, from: try await source.blob(blob))
    return blob.size
  }
  for bytes in moved { result.count(bytes) }
  for document in work.documents where missing.contains(document.digest) {
    do {
      try await destination.put(document, from: try await source.blob(document))
    } catch let error as any MissingContentError where error.isAboutMissingContent {
      try await resendLost(work.blobs, from: source, to: destination, progress: progress, after: error)
      try await destination.put(document, from: try await source.blob(document))
    }
    result.count(document.size)
  }
  return result
}

/// Puts blobs again that a destination accepted but does not have.
/// - Throws: `error` when it has them all.
private func resendLost(
  _ blobs: [Descriptor], from source: some ContentReader, to destination: some ContentStore,
  progress: any ProgressSink, after error: any MissingContentError
) async throws {
  var isLost = false
  for blob in blobs where try await !destination.contains(blob) {
    isLost = true
    progress.report(.note("\(blob.digest): the destination accepted it but does not have it; sending it again"))
    try await destination.put(blob, from: try await source.blob(blob))
  }
  if !isLost { throw error }
}

/// How many existence checks run at once.
private let maximumConcurrentChecks = 8

extension CopyResult {
  fileprivate mutating func count(_ moved: UInt64) {
    copied += 1
    bytes &+= moved
  }
}

private func exists(
  _ descriptor: Descriptor, in destination: some ContentStore, progress: any ProgressSink
) async throws -> Bool {
  guard try await destination.contains(descriptor) else { return false }
  let item = "\(descriptor.digest.short)"
  progress.report(.started(item: item, total: descriptor.size))
  progress.report(.finished(item: item, outcome: .existed))
  return true
}
