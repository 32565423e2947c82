import OpzIO
import OpzOCI
import OpzStore

/// Brings an image with what refers to it into an OCI layout, the names in `index.json` last of all.
struct LayoutDelivery: Sendable {
  let root: Descriptor
  let tags: [String]
  let referrers: Bool
  let layout: LayoutStore
  let progress: any ProgressSink

  /// - Returns: the referrers that came along.
  func run(from source: some ReferrerReader) async throws -> [Descriptor] {
    let shipment = try await Shipment.of(root, tags: tags, referrers: referrers, in: source, progress: progress)
    _ = try await copy(shipment.content, root: root, from: source, to: layout, progress: progress)
    for referrer in shipment.referrers { try await layout.list(referrer.descriptor) }
    for companion in shipment.companions { try await layout.tag(companion.descriptor.bare, as: companion.tag) }
    if tags.isEmpty { try await layout.list(root) }
    for tag in tags { try await layout.tag(root, as: tag) }
    return shipment.referrers.map(\.descriptor)
  }
}
