import OpzDistribution
import OpzIO
import OpzOCI
import OpzStore

/// Updates the cosign tags of a repository, which other clients write too.
struct CosignTagUpdate: Sendable {
  let repository: RemoteRepository

  /// Registries have no compare-and-swap, so the tag is read back after each write, and the update is repeated if
  /// someone else wrote it.
  private static let attempts = 4

  /// - Throws: `FlowError` of category `conflict` if one of the tags cannot be appended to. Nothing is written.
  func check(_ all: [TransferPlan.Tagged], from source: some ContentReader) async throws {
    _ = try await concurrently(all) { tagged in try await plan(tagged, from: source) }
  }

  /// Adds the shipment's entries to each tag. The shipment's content must already be at the destination.
  /// - Returns: whether anything was written.
  /// - Throws: `FlowError` of category `conflict` if other clients keep writing the tag.
  func write(_ all: [TransferPlan.Tagged], from source: some ContentReader) async throws -> Bool {
    var isWritten = false
    for tagged in all where try await write(tagged, from: source) { isWritten = true }
    return isWritten
  }

  private func plan(
    _ tagged: TransferPlan.Tagged, from source: some ContentReader
  ) async throws -> (theirs: Descriptor?, plan: CosignMerge) {
    let theirs = try await repository.named(tagged.tag)
    let plan = try await CosignMerge.plan(
      tagged.descriptor, tagged.kind ?? .signatures, from: source, over: theirs, in: repository,
      at: "\(repository.reference.name):\(tagged.tag)")
    return (theirs, plan)
  }

  private func write(_ tagged: TransferPlan.Tagged, from source: some ContentReader) async throws -> Bool {
    for _ in 0..<CosignTagUpdate.attempts {
      let (theirs, plan) = try await plan(tagged, from: source)
      let wanted: Descriptor
      switch plan {
      case .kept: return false
      case .replaced:
        if theirs?.digest == tagged.descriptor.digest { return false }
        wanted = tagged.descriptor
      case .merged(let manifest, let config):
        if let config { try await repository.put(manifest.content.config, from: BytesBlob(config)) }
        try await repository.put(manifest.descriptor, from: BytesBlob(manifest.raw))
        wanted = manifest.descriptor
      }
      guard try await repository.digest(ofTag: tagged.tag) == theirs?.digest else { continue }
      try await repository.tag(wanted, as: tagged.tag)
      if try await repository.digest(ofTag: tagged.tag) == wanted.digest { return true }
    }
    throw FlowError(
      .conflict, "\(repository.reference.name):\(tagged.tag)", "other clients keep writing the tag",
      hint: "push again; what was uploaded is kept")
  }
}
