import OpzDistribution
import OpzIO
import OpzOCI
import OpzStore

/// Updates the cosign tags of a repository, which other clients write too.
struct CosignTagUpdate: Sendable {
  let repository: RemoteRepository

  /// A tag that has to be written.
  struct Change: Sendable {
    let tagged: TransferPlan.Tagged
    /// What the tag names now.
    let theirs: Descriptor?
    let plan: CosignMerge
  }

  /// A tag that was written; `wanted` is nil where somebody else wrote it first.
  struct Written: Sendable {
    let tagged: TransferPlan.Tagged
    let wanted: Digest?
  }

  /// Registries have no compare-and-swap, so the tag is read back after each write, and the update is repeated if
  /// someone else wrote it.
  private static let attempts = 4

  /// The tags that lack entries of the shipment. Nothing is written.
  /// - Throws: `FlowError` of category `conflict` if one of the tags cannot be appended to.
  func changes(_ all: [TransferPlan.Tagged], from source: some ContentReader) async throws -> [Change] {
    try await concurrently(all) { tagged in
      let theirs = try await repository.named(tagged.tag)
      let plan = try await CosignMerge.plan(
        tagged.descriptor, tagged.kind ?? .signatures, from: source, over: theirs, in: repository,
        at: "\(repository.reference.name):\(tagged.tag)")
      switch plan {
      case .kept: return nil
      case .replaced where theirs?.digest == tagged.descriptor.digest: return nil
      case .replaced, .merged: return Change(tagged: tagged, theirs: theirs, plan: plan)
      }
    }.compactMap { $0 }
  }

  /// Writes the tags. The shipment's content must already be at the destination. `confirm` must follow.
  func write(_ changes: [Change], from source: some ContentReader) async throws -> [Written] {
    try await concurrently(changes) { change in
      Written(tagged: change.tagged, wanted: try await write(change, from: source))
    }
  }

  /// Reads the tags back, and repeats the updates that were lost.
  /// - Throws: `FlowError` of category `conflict` if other clients keep writing a tag.
  func confirm(_ all: [Written], from source: some ContentReader) async throws {
    _ = try await concurrently(all) { written in
      var last = written
      for _ in 1..<CosignTagUpdate.attempts {
        if try await isThere(last) { return }
        guard let change = try await changes([written.tagged], from: source).first else { return }
        last = Written(tagged: written.tagged, wanted: try await write(change, from: source))
      }
      if try await isThere(last) { return }
      throw FlowError(
        .conflict, "\(repository.reference.name):\(written.tagged.tag)", reason: "other clients keep writing the tag",
        hint: "push again; what was uploaded is kept")
    }
  }

  private func isThere(_ written: Written) async throws -> Bool {
    guard let wanted = written.wanted else { return false }
    return try await repository.digest(ofTag: written.tagged.tag) == wanted
  }

  private func write(_ change: Change, from source: some ContentReader) async throws -> Digest? {
    let tag = change.tagged.tag
    guard case .merged(let manifest, let config) = change.plan else {
      try await repository.tag(change.tagged.descriptor, as: tag)
      return change.tagged.descriptor.digest
    }
    if let config { try await repository.put(manifest.content.config, from: BytesBlob(config)) }
    try await repository.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    // Sending these took time in which somebody could have written the tag.
    guard try await repository.digest(ofTag: tag) == change.theirs?.digest else { return nil }
    try await repository.tag(manifest.descriptor, as: tag)
    return manifest.descriptor.digest
  }
}
