public import OpzIO
public import OpzOCI

extension LayoutStore {
  /// An entry of `index.json`.
  public struct IndexEntry: Sendable {
    public let descriptor: Descriptor
    /// The entry's tag; nil for an untagged one.
    public let tag: String?

    /// Makes an entry for a manifest or an index.
    public init(_ descriptor: Descriptor, tag: String? = nil) {
      self.descriptor = descriptor
      self.tag = tag
    }
  }

  /// Returns the referrers among the manifests in `index.json`, by subject. Reads each document once, holding one at
  /// a time.
  public func referrers() throws -> [Digest: [Descriptor]] {
    var found: [Digest: [Descriptor]] = [:]
    var seen: Set<Digest> = []
    for entry in try index().manifests where entry.mediaType.isDocument && entry.size <= UInt64(Document.limit) {
      guard seen.insert(entry.digest).inserted, try has(entry),
        let referrer = try ReferrerEntry(try content(entry), entry.withoutAnnotations)
      else { continue }
      found[referrer.subject, default: []].append(referrer.descriptor.withShortAnnotations)
    }
    return found
  }

  /// Returns the referrers of `digest` among the manifests in `index.json`. Reads all of them.
  public func referrers(of digest: Digest) throws -> [Descriptor] { try referrers()[digest] ?? [] }

  /// Lists a manifest in `index.json` without a tag, so that tools that read layouts find it.
  public func list(_ descriptor: Descriptor) async throws {
    try await blocking { [self] in try list([IndexEntry(descriptor)]) }
  }

  /// Lists manifests in `index.json` and moves the given tags, in one rewrite. It blocks.
  /// - Throws: `StoreError` with code `tooLarge`, with nothing changed, when the file would exceed the size that is
  ///   read.
  public func list(_ entries: [IndexEntry]) throws {
    let lock = try FileLock.take(directory: root)
    let old = try index()
    let new = LayoutStore.adding(entries, to: old)
    if new != old { try write(new) }
    _ = consume lock
  }

  /// Checks that `list` would accept the entries.
  /// - Throws: `StoreError` with code `tooLarge` when it would not.
  public func checkRoom(for entries: [IndexEntry]) throws {
    _ = try encode(LayoutStore.adding(entries, to: try index()))
  }

  /// What index.json of a new layout with these entries contains.
  public static func listing(_ entries: [IndexEntry]) -> Index.Content {
    adding(entries, to: Index.Content(manifests: []))
  }

  private static func adding(_ entries: [IndexEntry], to old: Index.Content) -> Index.Content {
    var content = old
    let moved = Set(entries.compactMap(\.tag))
    content.manifests.removeAll { entry in entry.annotations?[tagAnnotation].map { moved.contains($0) } ?? false }
    var listed = Set(content.manifests.map(\.digest))
    for entry in entries {
      var descriptor = entry.descriptor
      if let tag = entry.tag {
        descriptor.annotations = [tagAnnotation: tag]
      } else if !listed.insert(descriptor.digest).inserted {
        continue
      }
      content.manifests.append(descriptor)
    }
    return content
  }
}
