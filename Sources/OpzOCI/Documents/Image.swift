import OpzIO
import OpzJSON

/// An immutable view of one platform's image: manifest, configuration and layers.
///
/// `appending` makes a new image; nothing changes an image in place.
public struct Image: Sendable {
  public let manifest: Manifest
  /// The exact bytes of the stored configuration.
  public let configBytes: [UInt8]
  public let config: ImageConfig
  public let layers: [Layer]

  /// Makes an image from a manifest and the bytes of its config. The digests are not verified.
  /// - Throws: `OCIError` when the numbers of layers and diffIDs differ, or when the config is malformed or
  ///   ambiguous.
  public init(manifest: Manifest, configBytes: [UInt8]) throws {
    let name = manifest.descriptor.digest.description
    let config = try CanonicalJSON.decode(
      ImageConfig.self, from: configBytes, .imageConfig, subject: manifest.content.config.digest.description)
    guard config.rootfs.diffIDs.count == manifest.content.layers.count else {
      throw OCIError(
        .badDocument, name,
        reason:
          "the manifest has \(manifest.content.layers.count) layers, but the config has \(config.rootfs.diffIDs.count)")
    }
    self.manifest = manifest
    self.configBytes = configBytes
    self.config = config
    layers = zip(manifest.content.layers, config.rootfs.diffIDs).map { Layer(descriptor: $0, diffID: $1) }
  }

  /// An image without layers, as the common image builders start with under `FROM scratch`: a `PATH`, and `/` as
  /// working directory.
  public static func scratch(_ platform: Platform) throws -> Image {
    var config = ImageConfig(platform: platform, created: nil)
    var execution = ImageConfig.Execution()
    execution.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    execution.workingDir = "/"
    config.config = execution
    let bytes = try CanonicalJSON.encode(config)
    let manifest = try Manifest(Manifest.Content(config: .of(bytes, .imageConfig), layers: []))
    return try Image(manifest: manifest, configBytes: bytes)
  }

  /// The changes that `appending` makes to an image.
  public struct Change: Sendable {
    public var layers: [Layer]
    /// For each layer one line that says how it was made.
    public var history: [String]
    public var execution: ImageConfig.Execution
    /// The creation time of the image and of each new layer, in RFC 3339.
    public var created: String
    public var annotations: [String: String]
    /// The new image's platform, where it needs a later processor than the base does; nil for the base's.
    public var platform: Platform?

    /// Makes a change from its parts.
    public init(
      layers: [Layer], history: [String], execution: ImageConfig.Execution, created: String,
      annotations: [String: String], platform: Platform? = nil
    ) {
      self.platform = platform
      self.layers = layers
      self.history = history
      self.execution = execution
      self.created = created
      self.annotations = annotations
    }
  }

  /// Makes a new image: the given layers on top of this image's, with the given configuration. Members of the config
  /// that opz does not know are kept from the base.
  /// - Throws: `OCIError` when the base's config cannot be read, or an `EncodingError`.
  public func appending(_ change: Change) throws -> Image {
    var whole = try CanonicalJSON.decode([String: JSONValue].self, from: configBytes, subject: "image config")
    var execution: [String: JSONValue] = [:]
    if case .object(let old)? = whole["config"] { execution = old }
    if case .object(let new) = try JSONValue(encoding: change.execution) {
      for key in Image.ownKeys { execution[key] = new[key] }
    }
    whole["config"] = .object(execution)
    whole["created"] = .string(change.created)
    if let wanted = change.platform, wanted.normalized != config.platform.normalized {
      whole["variant"] = wanted.variant.map { .string($0) }
    }
    whole["rootfs"] = try JSONValue(encoding: ImageConfig.RootFS(diffIDs: (layers + change.layers).map(\.diffID)))
    let added = change.history.map { ImageConfig.History(created: change.created, createdBy: $0) }
    whole["history"] = try JSONValue(encoding: (config.history ?? []) + added)
    let bytes = try CanonicalJSON.encode(JSONValue.object(whole))
    let manifest = try Manifest(
      Manifest.Content(
        config: .of(bytes, .imageConfig),
        layers: (layers + change.layers).map { Image.oci($0.descriptor.withoutAnnotations) },
        annotations: change.annotations.isEmpty ? nil : change.annotations))
    return try Image(manifest: manifest, configBytes: bytes)
  }

  /// The members of `config` that opz sets.
  private static let ownKeys = [
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
  ]

  /// Replaces Docker's media type of a layer by OCI's for the same bytes, because a manifest should not mix the two.
  private static func oci(_ descriptor: Descriptor) -> Descriptor {
    var result = descriptor
    if descriptor.mediaType == .dockerLayerTarGzip { result.mediaType = .layerTarGzip }
    return result
  }
}
