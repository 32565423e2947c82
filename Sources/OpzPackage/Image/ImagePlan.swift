public import OpzIO
public import OpzOCI

/// All inputs of an image besides its own layers, known before anything is written.
public struct ImagePlan: Sendable {
  /// A base image, resolved for one platform; its blobs are in the store.
  public struct Base: Sendable {
    public let platform: Platform
    public let image: Image

    /// Creates a base for one platform; the caller has stored the image's blobs.
    public init(platform: Platform, image: Image) {
      self.platform = platform
      self.image = image
    }
  }

  /// One per platform.
  public var bases: [Base]
  public var settings: RuntimeSettings
  public var created: Timestamp
  /// The manifest's annotations: title, version, revision. They may change without the content.
  public var annotations: [String: String]

  /// Creates a plan with one base per platform.
  public init(
    bases: [Base], settings: RuntimeSettings, created: Timestamp, annotations: [String: String]
  ) {
    self.bases = bases
    self.settings = settings
    self.created = created
    self.annotations = annotations
  }
}

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
