import OpzIO
import OpzOCI

/// The index with the tag `sha256-HEX` that lists referrers where the remote registry has no referrers API
/// (distribution-spec 1.1, "Referrers Tag Schema").
///
/// It is an actor, because an update reads and then replaces the whole index.
actor ReferrersTag {
  private let manifests: ManifestRequests
  private var last: Task<Void, any Error>?

  init(_ manifests: ManifestRequests) { self.manifests = manifests }

  /// The referrers of a digest; empty where the tag does not exist.
  nonisolated func read(_ subject: Digest) async throws -> [Descriptor] {
    try await content(TagMapping.referrersTag(of: subject))?.manifests.map(\.withShortAnnotations) ?? []
  }

  /// Adds an entry, after the updates that were requested earlier.
  /// - Throws: `DistributionError`, with the code `tooLarge` for a list that exceeds the size of a manifest.
  func add(_ entry: Descriptor, to subject: Digest) async throws {
    let previous = last
    let next = Task {
      _ = await previous?.result
      try await self.update(entry, TagMapping.referrersTag(of: subject))
    }
    last = next
    try await next.value
  }

  // Another process may replace the tag at the same time, so it is read back, and written again if the entry was
  // lost.
  private nonisolated func update(_ entry: Descriptor, _ tag: String) async throws {
    for _ in 0..<4 {
      var index = try await content(tag) ?? Index.Content(manifests: [])
      if index.manifests.contains(where: { $0.digest == entry.digest }) { return }
      index.manifests.append(entry)
      try await manifests.put(try ReferrersTag.encode(index, tag), .imageIndex, as: tag)
    }
    throw DistributionError(
      .badResponse, "\(manifests.client.reference.name):\(tag)",
      "other writers replace the list of referrers all the time",
      hint: "push again")
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
