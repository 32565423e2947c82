public import OpzIO
public import OpzOCI

/// What refers to a manifest, as a client of a container registry is told: what was pushed to the repository, and what is attached to the
/// versions of a model of that name. Only names are held; each document is read when it is its turn, so that a list of any length needs the
/// memory of a page.
public struct ReferrerList: Sendable {
  /// A part of the list, in the order of the digests.
  public struct Page: Sendable {
    /// Each with its type and annotations, as its own document has them.
    public var entries: [Descriptor] = []
    /// Where the next page begins after; nil for the last one.
    public var last: Digest?
  }

  /// Entries of a page.
  public static let pageLimit = 1000
  /// Bytes of a page's annotations: an index of more than 4 MiB is taken by nobody.
  static let bytesLimit = 1 << 20

  private let subject: Digest
  private let repository: Repository
  private let registry: Registry
  /// By the text of the digest; a media type where the repository itself does not say one.
  private let candidates: [(name: String, digest: Digest, document: Descriptor?)]

  /// Collects the digests of the referrers of a manifest. Their documents are read by `page(after:count:type:)`.
  ///
  /// - Parameters:
  ///   - subject: the digest of the manifest, which need not exist.
  ///   - name: the repository, and the model of the same name if there is one.
  /// - Throws: `IOFailure` or `RegistryError` where the repository or the model's log cannot be read.
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

  /// - Parameters:
  ///   - last: the page begins after this digest, which need not be there any more.
  ///   - count: entries, at most `pageLimit`.
  ///   - type: an artifact type; others are left out.
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
        // They stand in the manifest for who wants them.
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

  /// Nil for what was deleted meanwhile, is elsewhere, or is about something else than is said of it.
  private func entry(_ digest: Digest, _ document: Descriptor?) throws -> Descriptor? {
    guard let document else { return try repository.referrer(digest, of: subject) }
    guard try registry.store.has(document),
      let own = try ReferrerEntry(try registry.store.content(document), document.bare), own.subject == subject
    else { return nil }
    return own.descriptor
  }

  private static func size(_ entry: Descriptor) -> Int {
    (entry.annotations ?? [:]).reduce(0) { $0 &+ $1.key.utf8.count &+ $1.value.utf8.count &+ 8 }
  }
}
