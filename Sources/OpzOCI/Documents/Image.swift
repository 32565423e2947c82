import OpzIO
import OpzJSON

/// An immutable view of one platform's image: manifest, configuration and layers.
///
/// `appending` and `executing` make new images; nothing changes an image in place.
public struct Image: Sendable {
  public let manifest: Manifest
  /// The configuration as it is stored.
  public let configBytes: [UInt8]
  public let config: ImageConfig
  public let layers: [Layer]

  /// The image that a manifest and the bytes of its config make.
  /// - Throws: `OCIError` when there are not as many layers as diffIDs, or when other readers read another config.
  public init(manifest: Manifest, configBytes: [UInt8]) throws {
    let name = manifest.descriptor.digest.description
    let config = try CanonicalJSON.decode(
      ImageConfig.self, from: configBytes, .imageConfig, subject: manifest.content.config.digest.description)
    guard config.rootfs.diffIDs.count == manifest.content.layers.count else {
      throw OCIError(
        .badDocument, name,
        "the manifest has \(manifest.content.layers.count) layers, the config \(config.rootfs.diffIDs.count)")
    }
    self.manifest = manifest
    self.configBytes = configBytes
    self.config = config
    layers = zip(manifest.content.layers, config.rootfs.diffIDs).map { Layer(descriptor: $0, diffID: $1) }
  }

  /// An image without layers: what both image builders start from under `FROM scratch`.
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

  /// What `build` makes an image of.
  public struct Change: Sendable {
    public var layers: [Layer]
    /// One line a layer: what made it.
    public var history: [String]
    public var execution: ImageConfig.Execution
    /// RFC 3339; the image's and each new layer's.
    public var created: String
    public var annotations: [String: String]
    /// What the image is for, where that is a later processor than the base is for; the base's own if nil.
    public var platform: Platform?

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

  /// A new image: these layers on top of this one's, with this configuration. Members of the config that opz does not know
  /// are kept as the base has them.
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
        layers: (layers + change.layers).map { Image.oci($0.descriptor.bare) },
        annotations: change.annotations.isEmpty ? nil : change.annotations))
    return try Image(manifest: manifest, configBytes: bytes)
  }

  /// The members of `config` that opz sets.
  private static let ownKeys = [
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
  ]

  /// A Docker layer's descriptor under OCI's name for the same bytes: a manifest does not mix the two.
  private static func oci(_ descriptor: Descriptor) -> Descriptor {
    var result = descriptor
    if descriptor.mediaType == .dockerLayerTarGzip { result.mediaType = .layerTarGzip }
    return result
  }
}
