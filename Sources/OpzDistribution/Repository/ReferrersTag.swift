import OpzIO
import OpzOCI

/// The index with the tag `sha256-HEX` that lists referrers where the remote registry has no referrers API
/// (distribution-spec 1.1, "Referrers Tag Schema").
///
/// It is an actor, because an update reads and then replaces the whole index.
actor ReferrersTag {
  private let manifests: ManifestRequests
  /// The last update of each list.
  private var last: [Digest: Task<Bool, any Error>] = [:]
  /// Lists that were requested because an update will follow.
  private var early: [Digest: EarlyRead] = [:]

  private struct EarlyRead {
    let task: Task<Index.Content?, any Error>
    let begun = ContinuousClock.now

    /// Whether the list may still be replaced by what is made of it.
    var isCurrent: Bool { (ContinuousClock.now - begun).seconds < 2 }
  }

  /// How often a list is written that other writers replace.
  private static let attempts = 4

  init(_ manifests: ManifestRequests) { self.manifests = manifests }

  /// The referrers of a digest; empty where the tag does not exist.
  nonisolated func read(_ subject: Digest) async throws -> [Descriptor] {
    try await content(TagMapping.referrersTag(of: subject))?.manifests.map(\.withShortAnnotations) ?? []
  }

  /// Requests the list that the next update will need, without waiting for it.
  func expectUpdate(of subject: Digest) {
    if let read = early[subject], read.isCurrent { return }
    early[subject] = EarlyRead(task: Task { try await self.content(TagMapping.referrersTag(of: subject)) })
  }

  /// Adds entries, after the updates that were requested earlier, and reads the list back: another process may have
  /// replaced it at the same time.
  /// - Throws: `DistributionError`, with the code `tooLarge` for a list that exceeds the size of a manifest.
  func add(_ entries: [Descriptor], to subject: Digest) async throws {
    for _ in 0...ReferrersTag.attempts {
      if try await !write(entries, to: subject) { return }
    }
    throw DistributionError(
      .badResponse, "\(manifests.client.reference.name):\(TagMapping.referrersTag(of: subject))",
      reason: "other writers replace the list of referrers all the time",
      hint: "push again")
  }

  /// Adds the entries that the list does not have, without reading it back.
  /// - Returns: whether the list was written.
  @discardableResult
  func write(_ entries: [Descriptor], to subject: Digest) async throws -> Bool {
    let previous = last[subject]
    let next = Task {
      _ = await previous?.result
      return try await self.update(entries, subject)
    }
    last[subject] = next
    return try await next.value
  }

  private func update(_ entries: [Descriptor], _ subject: Digest) async throws -> Bool {
    let tag = TagMapping.referrersTag(of: subject)
    var index = try await current(subject, tag) ?? Index.Content(manifests: [])
    let known = Set(index.manifests.map(\.digest))
    let new = entries.filter { !known.contains($0.digest) }
    if new.isEmpty { return false }
    index.manifests += new
    // A list that was requested meanwhile may not have these entries.
    defer { early[subject] = nil }
    try await manifests.put(try ReferrersTag.encode(index, tag), .imageIndex, as: tag)
    return true
  }

  private func current(_ subject: Digest, _ tag: String) async throws -> Index.Content? {
    if let read = early.removeValue(forKey: subject), read.isCurrent {
      if case .success(let found) = await read.task.result { return found }
    }
    return try await content(tag)
  }

  /// Encodes the list; drops long annotations where it would otherwise be too large to be read again.
  private static func encode(_ index: Index.Content, _ tag: String) throws -> [UInt8] {
    var index = index
    let whole = try Index(index).raw
    if whole.count <= Document.limit { return whole }
    index.manifests = index.manifests.map { entry in
      var short = entry
      if entry.withShortAnnotations.annotations == nil { short.annotations = nil }
      return short
    }
    let short = try Index(index).raw
    guard short.count <= Document.limit else {
      throw DistributionError(
        .tooLarge, tag,
        reason:
          "the list of \(index.manifests.count) referrers would have \(short.count) bytes, and a manifest may have \(Document.limit)",
        hint: "delete referrers that are not needed any more, or use a registry with the referrers API")
    }
    return short
  }

  private nonisolated func content(_ tag: String) async throws -> Index.Content? {
    do {
      let found = try await manifests.get(tag)
      return try Index(raw: found.bytes, mediaType: found.descriptor.mediaType, subject: tag).content
    } catch let error as DistributionError where error.code == .notFound {
      return nil
    }
  }
}
