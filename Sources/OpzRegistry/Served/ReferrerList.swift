public import OpzIO
public import OpzOCI

/// The referrers of a manifest that the registry server lists: those pushed to the repository, and those attached to
/// versions of the model of the same name. Only digests are kept in memory; each manifest is read when its page is
/// built.
public struct ReferrerList: Sendable {
  /// A page of the list, ordered by digest.
  public struct Page: Sendable {
    /// Descriptors with the artifact type and annotations of the manifests.
    public var entries: [Descriptor] = []
    /// The digest after which the next page starts; nil for the last page.
    public var last: Digest?
  }

  /// The most entries on a page.
  public static let pageLimit = 1000
  /// The most bytes of annotations on a page: no client accepts an index larger than 4 MiB.
  static let bytesLimit = 1 << 20

  private let subject: Digest
  private let repository: Repository
  private let registry: Registry
  /// Sorted by the text of the digest; with a descriptor for those that are not in the repository itself.
  private let candidates: [(name: String, digest: Digest, document: Descriptor?)]

  /// Collects the digests of the referrers of a manifest. Their documents are read by `page(after:count:type:)`.
  ///
  /// - Parameters:
  ///   - subject: the digest of the manifest, which need not exist.
  ///   - name: the repository, and the model of the same name if there is one.
  /// - Throws: `IOFailure` or `RegistryError` if the repository or the model's log cannot be read.
  public init(of subject: Digest, in name: RepositoryName, of registry: Registry) throws {
    self.subject = subject
    self.registry = registry
    repository = registry.repository(name)
    var found: [Digest: Descriptor?] = [:]
    for digest in try repository.referrerDigests(of: subject) { found[digest] = Descriptor?.none }
    let model = try ModelRepository(name.description, in: registry)
    for descriptor in try model?.referrers(of: subject) ?? [] where found[descriptor.digest] == nil {
      found[descriptor.digest] = descriptor
    }
    candidates = found.map { (name: $0.key.description, digest: $0.key, document: $0.value) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Reads a page.
  ///
  /// - Parameters:
  ///   - last: the page starts after this digest, which need not exist any more.
  ///   - count: the most entries, at most `pageLimit`.
  ///   - type: only referrers of this artifact type; nil for all.
  public func page(after last: Digest? = nil, count: Int = pageLimit, type: String? = nil) throws -> Page {
    var page = Page()
    var bytes = 0
    let begin = last.map(\.description)
    for candidate in candidates {
      if let begin, !begin.utf8.lexicographicallyPrecedes(candidate.name.utf8) { continue }
      guard var entry = try entry(candidate.digest, candidate.document),
        type == nil || entry.artifactType?.rawValue == type
      else { continue }
      var size = ReferrerList.size(entry)
      if size > ReferrerList.bytesLimit {
        // Clients can still read them in the manifest.
        entry.annotations = nil
        size = 0
      }
      if page.entries.count >= max(1, min(count, ReferrerList.pageLimit))
        || (!page.entries.isEmpty && bytes + size > ReferrerList.bytesLimit)
      {
        page.last = page.entries.last?.digest
        return page
      }
      page.entries.append(entry)
      bytes += size
    }
    return page
  }

  /// Nil for a referrer that was deleted meanwhile, is not here, or has another subject.
  private func entry(_ digest: Digest, _ document: Descriptor?) throws -> Descriptor? {
    guard let document else { return try repository.referrer(digest, of: subject) }
    guard try registry.store.has(document),
      let own = try ReferrerEntry(try registry.store.content(document), document.withoutAnnotations),
      own.subject == subject
    else { return nil }
    return own.descriptor
  }

  private static func size(_ entry: Descriptor) -> Int {
    (entry.annotations ?? [:]).reduce(0) { $0 &+ $1.key.utf8.count &+ $1.value.utf8.count &+ 8 }
  }
}
