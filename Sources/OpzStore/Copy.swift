public import OpzIO
public import OpzOCI

/// Copies an image, an artifact or an index with everything that it points to: blobs first, then the documents that
/// name them, so that nothing in the destination ever names what is not there.
///
/// A document that the destination has is still walked, because a store may hold a manifest whose blobs are lost.
/// - Parameter parallel: blobs on their way at once.
public func copy(
  _ root: Descriptor, from source: some ContentReader, to destination: some ContentStore, parallel: Int = 2,
  progress: any ProgressSink = NoProgress()
) async throws -> CopyResult {
  let work = try await ContentGraph.of(root, in: source)
  var result = CopyResult(root: root)
  var pending = work.blobs.makeIterator()
  try await withThrowingTaskGroup(of: UInt64?.self) { group in
    func add() -> Bool {
      guard let blob = pending.next() else { return false }
      group.addTask { try await copyOne(blob, from: source, to: destination, progress: progress) }
      return true
    }
    for _ in 0..<max(1, parallel) where !add() { break }
    while let bytes = try await group.next() {
      result.count(bytes)
      _ = add()
    }
  }
  for document in work.documents {
    result.count(try await copyOne(document, from: source, to: destination, progress: progress))
  }
  return result
}

extension CopyResult {
  fileprivate mutating func count(_ moved: UInt64?) {
    if let moved {
      copied += 1
      bytes &+= moved
    } else {
      existed += 1
    }
  }
}

private func copyOne(
  _ descriptor: Descriptor, from source: some ContentReader, to destination: some ContentStore,
  progress: any ProgressSink
) async throws -> UInt64? {
  let item = "\(descriptor.digest.short)"
  if try await destination.contains(descriptor) {
    progress.report(.started(item: item, total: descriptor.size))
    progress.report(.finished(item: item, outcome: .existed))
    return nil
  }
  try await destination.put(descriptor, from: try await source.blob(descriptor))
  return descriptor.size
}
