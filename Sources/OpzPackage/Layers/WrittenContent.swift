import OpzArchive
public import OpzIO
public import OpzOCI

/// Stored layers with the digests of their files.
public struct WrittenContent: Sendable {
  /// A planned layer, the layer that was written for it, and the compressor that wrote it.
  public struct Entry: Sendable {
    public let plan: PlannedLayer
    public let layer: Layer
    public let compressor: String
    /// Digests of the plan's entries, in order; nil for an entry that is not a file, and for a file that is alone in
    /// its layer.
    public let digests: [Digest?]
  }

  public var entries: [Entry] = []

  public var layers: [ImageLayer] {
    entries.map { ImageLayer(layer: $0.layer, history: "opz: \($0.plan.title)", platform: $0.plan.platform) }
  }
}
