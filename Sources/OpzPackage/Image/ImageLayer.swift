public import OpzOCI

/// A layer above a base.
public struct ImageLayer: Sendable {
  public let layer: Layer
  /// The layer's entry in the image's history.
  public let history: String
  /// The only platform whose image has it; nil for all.
  public let platform: Platform?

  /// Creates a layer with its history entry; a nil platform puts it into the images of all platforms.
  public init(layer: Layer, history: String, platform: Platform?) {
    self.layer = layer
    self.history = history
    self.platform = platform
  }
}
