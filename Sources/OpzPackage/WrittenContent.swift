import OpzArchive
public import OpzIO
public import OpzOCI
public import SystemPackage

/// Layers that are in the store, with what is known of the files in them.
public struct WrittenContent: Sendable {
  public struct Entry: Sendable {
    public let plan: PlannedLayer
    public let layer: Layer
    public let compressor: String
    /// By destination.
    public let digests: [FilePath: Digest]
  }

  public var entries: [Entry] = []

  public var layers: [ImageLayer] {
    entries.map { ImageLayer(layer: $0.layer, history: "opz: \($0.plan.title)", platform: $0.plan.platform) }
  }
}
