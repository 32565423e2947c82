import OpzIO
import OpzOCI
import OpzStore

/// Copies an image and its referrers into an OCI layout. All names are added to `index.json` at once, at the end.
struct LayoutDelivery: Sendable {
  let root: Descriptor
  let tags: [String]
  let referrers: Bool
  let layout: LayoutStore
  let progress: any ProgressSink

  /// - Returns: the referrers that were copied.
  /// - Throws: `StoreError.tooLarge`, before anything is copied, if `index.json` would exceed the size that opz reads.
  func run(from source: some ReferrerReader) async throws -> [Descriptor] {
    let shipment = try await TransferPlan.of(root, tags: tags, referrers: referrers, in: source, progress: progress)
    var entries = shipment.referrers.map { LayoutStore.IndexEntry($0.descriptor) }
    var added: [Manifest] = []
    var configs: [[UInt8]] = []
    for companion in shipment.companions {
      var plan = CosignMerge.replaced
      if let kind = companion.kind {
        let theirs = try layout.index().manifests.last {
          $0.annotations?[LayoutStore.tagAnnotation] == companion.tag
        }
        plan = try await CosignMerge.plan(
          companion.descriptor, kind, from: source, over: theirs?.withoutAnnotations, in: layout,
          at: "\(layout.root):\(companion.tag)")
      }
      switch plan {
      case .kept: continue
      case .replaced:
        entries.append(LayoutStore.IndexEntry(companion.descriptor.withoutAnnotations, tag: companion.tag))
      case .merged(let manifest, let config):
        entries.append(LayoutStore.IndexEntry(manifest.descriptor.withoutAnnotations, tag: companion.tag))
        added.append(manifest)
        if let config { configs.append(config) }
      }
    }
    if tags.isEmpty { entries.append(LayoutStore.IndexEntry(root)) }
    entries += tags.map { LayoutStore.IndexEntry(root, tag: $0) }
    try layout.checkRoom(for: entries)
    // Publish in batches: syncing a thousand small files one by one takes longer than everything else.
    let store = layout.batchingSyncs(every: 200)
    _ = try await copy(shipment.content, root: root, from: source, to: store, progress: progress)
    let (all, manifests, blobs) = (entries, added, configs)
    try await blocking {
      for config in blobs { try store.put(config, .imageConfig) }
      for manifest in manifests { try store.put(manifest.raw, manifest.descriptor.mediaType) }
      try store.flush()
      try layout.list(all)
    }
    return shipment.referrers.map(\.descriptor)
  }
}
