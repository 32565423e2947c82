import OpzIO
import OpzOCI
import OpzStore

/// Brings an image with what refers to it into an OCI layout, the names in `index.json` last of all and at once.
struct LayoutDelivery: Sendable {
  let root: Descriptor
  let tags: [String]
  let referrers: Bool
  let layout: LayoutStore
  let progress: any ProgressSink

  /// - Returns: the referrers that came along.
  /// - Throws: `StoreError.tooLarge` before anything is brought where `index.json` would be more than is read.
  func run(from source: some ReferrerReader) async throws -> [Descriptor] {
    let shipment = try await Shipment.of(root, tags: tags, referrers: referrers, in: source, progress: progress)
    var entries = shipment.referrers.map { LayoutStore.IndexEntry($0.descriptor) }
    entries += shipment.companions.map { LayoutStore.IndexEntry($0.descriptor.bare, tag: $0.tag) }
    if tags.isEmpty { entries.append(LayoutStore.IndexEntry(root)) }
    entries += tags.map { LayoutStore.IndexEntry(root, tag: $0) }
    try layout.checkRoom(for: entries)
    // Names in groups: a disk takes longer to sync a thousand small files than all the rest.
    let store = layout.settlingTogether(every: 200)
    _ = try await copy(shipment.content, root: root, from: source, to: store, progress: progress)
    let all = entries
    try await blocking {
      try store.settle()
      try layout.list(all)
    }
    return shipment.referrers.map(\.descriptor)
  }
}
