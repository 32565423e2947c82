public import OpzOCI

/// A layer that goes over a base.
public struct ImageLayer: Sendable {
  public let layer: Layer
  /// What the image's history says of it.
  public let history: String
  /// Only in this platform's image; nil for all.
  public let platform: Platform?

  /// Creates a layer with its history entry; a nil platform puts it into the images of all platforms.
  public init(layer: Layer, history: String, platform: Platform?) {
    self.layer = layer
    self.history = history
    self.platform = platform
  }
}
