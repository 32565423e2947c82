public import OpzIO
public import OpzOCI

extension LayoutStore {
  /// The manifests that `index.json` lists whose subject is `digest`.
  public func referrers(of digest: Digest) throws -> [Descriptor] {
    var found: [Descriptor] = []
    for entry in try index().manifests where entry.mediaType.isDocument && entry.size <= UInt64(Document.limit) {
      guard try has(entry), let referrer = try ReferrerEntry(try content(entry), entry.bare),
        referrer.subject == digest
      else { continue }
      found.append(referrer.descriptor)
    }
    return found
  }

  /// Lists a manifest in `index.json` without a tag, so that tools which read layouts find it.
  public func list(_ descriptor: Descriptor) async throws {
    try await blocking { [self] in
      let lock = try FileLock.take(directory: root)
      var content = try index()
      if !content.manifests.contains(where: { $0.digest == descriptor.digest }) {
        content.manifests.append(descriptor)
        try write(content)
      }
      _ = consume lock
    }
  }
}
