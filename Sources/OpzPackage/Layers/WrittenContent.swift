import OpzArchive
public import OpzIO
public import OpzOCI

/// Layers that are in the store, with what is known of the files in them.
public struct WrittenContent: Sendable {
  /// A planned layer, the layer that was written for it, and the compressor that wrote it.
  public struct Entry: Sendable {
    public let plan: PlannedLayer
    public let layer: Layer
    public let compressor: String
    /// Of the plan's files, in their order; nil for what is not a file, and for one that is alone in its layer.
    public let digests: [Digest?]
  }

  public var entries: [Entry] = []

  public var layers: [ImageLayer] {
    entries.map { ImageLayer(layer: $0.layer, history: "opz: \($0.plan.title)", platform: $0.plan.platform) }
  }
}
